import type { Clock } from './clock.js';

/**
 * Ids that are remembered for a time. Those that run out are let go when others come, the oldest first, so the memory
 * follows the rate at which they come; nothing has to be set aside for the worst case, and nothing is evicted early.
 */
export class ExpiringSet {
  readonly #clock: Clock;
  /** Id to the monotonic moment at which it runs out, in the order in which they came. */
  readonly #ids = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(id: string, ttlMs: number): void {
    const now = this.#clock.monotonic();
    for (const [oldest, endsAt] of this.#ids) {
      if (endsAt > now) break;
      this.#ids.delete(oldest);
    }
    this.#ids.delete(id); // so that it moves to the end
    this.#ids.set(id, now + ttlMs);
  }

  delete(id: string): void {
    this.#ids.delete(id);
  }

  has(id: string): boolean {
    return (this.#ids.get(id) ?? Number.NEGATIVE_INFINITY) > this.#clock.monotonic();
  }
}
