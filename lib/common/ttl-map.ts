import type { Clock } from './clock.js';

interface Entry<Value> {
  readonly value: Value;
  /** The monotonic millisecond at which the entry expires. */
  readonly expiry: number;
}

/**
 * A map whose entries expire. Expired ones are removed when others are set, the oldest first, so the memory follows the rate at
 * which entries come. Above `maxEntries` the oldest entry makes way before its time.
 */
export class TtlMap<Value> {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  /** The oldest first. */
  readonly #entries = new Map<string, Entry<Value>>();
  /** Goes through the entries once: a new iterator would pass the gaps of all removed entries first, each time. */
  #iterator = this.#entries.entries();
  /** The oldest entry, as it was when the iterator came to it. */
  #oldest: [key: string, entry: Entry<Value>] | undefined;

  constructor(clock: Clock, maxEntries = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.expiry > this.#clock.monotonic() ? entry.value : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** @param ttlMs how long the entry lives, in milliseconds. */
  set(key: string, value: Value, ttlMs: number): void {
    const now = this.#clock.monotonic();
    this.#entries.delete(key); // so that it moves to the end
    this.#entries.set(key, { value, expiry: Math.ceil(now + ttlMs) }); // a small integer takes no memory of its own
    this.#removeExpired(now);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #removeExpired(now: number): void {
    for (let oldest = this.#peek(); oldest; oldest = this.#peek()) {
      const [key, entry] = oldest;
      if (this.#entries.get(key) === entry) {
        if (entry.expiry > now && this.#entries.size <= this.#maxEntries) return;
        this.#entries.delete(key);
      }
      this.#oldest = undefined; // removed, or set again since
    }
  }

  #peek(): [key: string, entry: Entry<Value>] | undefined {
    this.#oldest ??= this.#iterator.next().value;
    if (this.#oldest || this.#entries.size === 0) return this.#oldest;
    this.#iterator = this.#entries.entries(); // the one before had come to its end
    return (this.#oldest = this.#iterator.next().value);
  }
}

/** A set whose entries expire as those of a {@link TtlMap}. */
export class TtlSet {
  readonly #keys: TtlMap<true>;

  constructor(clock: Clock) {
    this.#keys = new TtlMap(clock);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** @param ttlMs how long the entry lives, in milliseconds. */
  add(key: string, ttlMs: number): void {
    this.#keys.set(key, true, ttlMs);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }
}
