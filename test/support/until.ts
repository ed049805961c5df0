import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with the value as soon as it is truthy; looks every two milliseconds of real time. The limit only ends what hangs. */
export async function until<Value>(
  look: () => Value | Promise<Value>,
  timeoutMs = 20_000,
): Promise<Exclude<Value, false | null | undefined>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value) return value as Exclude<Value, false | null | undefined>;
    if (performance.now() > giveUpAt) throw new Error(`Still not so: ${String(look)}`);
    await sleep(2);
  }
}
