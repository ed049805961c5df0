import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with the value as soon as it is truthy. Checks it every two milliseconds of real time. The limit ends a test that hangs. */
export async function until<Value>(
  look: () => Value | Promise<Value>,
  timeoutMs = 40_000,
): Promise<Exclude<Value, false | null | undefined>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value as Exclude<Value, false | null | undefined>;
    if (performance.now() > giveUpAt) throw new Error(`Still not so: ${String(look)}`);
    await sleep(2);
  }
}
