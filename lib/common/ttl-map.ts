import type { Clock } from './clock.js';

interface Entry<Value> {
  readonly value: Value;
  /** Monotonic, in milliseconds. */
  readonly endsAt: number;
}

/**
 * A map whose entries expire. Expired ones are removed when others are set, the oldest first, so the memory follows the rate at
 * which entries come. Above `maxEntries` the oldest entry makes way before its time.
 */
export class TtlMap<Value> {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(clock: Clock, maxEntries = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.endsAt > this.#clock.monotonic() ? entry.value : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** @param ttlMs how long the entry lives, in milliseconds. */
  set(key: string, value: Value, ttlMs: number): void {
    this.#entries.delete(key); // so that it moves to the end
    this.#entries.set(key, { value, endsAt: this.#clock.monotonic() + ttlMs });
    this.removeExpired();
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  removeExpired(): void {
    const now = this.#clock.monotonic();
    for (const [oldest, { endsAt }] of this.#entries) {
      if (endsAt > now && this.#entries.size <= this.#maxEntries) return;
      this.#entries.delete(oldest);
    }
  }
}
