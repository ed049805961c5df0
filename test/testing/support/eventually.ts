import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is true that nothing announces. */
export async function eventually(condition: () => boolean, timeoutMs = 3_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end)
      throw new Error(`Not true after ${timeoutMs} ms: ${condition.toString()}`);
    await sleep(2);
  }
}
