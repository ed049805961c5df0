import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition without an event is true. */
export async function eventually(condition: () => boolean, timeoutMs = 3_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end)
      throw new Error(`Not true after ${timeoutMs} ms: ${condition.toString()}`);
    await sleep(2);
  }
}
