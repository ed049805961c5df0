import type { Clock } from './clock.js';

/**
 * A set whose entries expire. Expired ones are removed when others are added, the oldest first, so the memory follows the rate at
 * which entries come. Above `maxEntries` the oldest entry makes way before its time.
 */
export class TtlSet {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #onRemoved: (key: string) => void;
  /** Key to the monotonic millisecond at which the entry expires, the oldest first. */
  readonly #expiries = new Map<string, number>();
  /** Goes through the entries once: a new iterator would pass the gaps of all removed entries first, each time. */
  #iterator = this.#expiries.entries();
  /** The oldest entry, as it was when the iterator came to it. */
  #oldest: [key: string, expiry: number] | undefined;

  constructor(
    clock: Clock,
    maxEntries = Number.POSITIVE_INFINITY,
    onRemoved: (key: string) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
    this.#onRemoved = onRemoved;
  }

  has(key: string): boolean {
    const expiry = this.#expiries.get(key);
    return expiry !== undefined && expiry > this.#clock.monotonic();
  }

  /** @param ttlMs how long the entry lives, in milliseconds. */
  add(key: string, ttlMs: number): void {
    const now = this.#clock.monotonic();
    this.#expiries.delete(key); // so that it moves to the end
    this.#expiries.set(key, Math.ceil(now + ttlMs)); // a small integer takes no memory of its own
    this.#removeExpired(now);
  }

  delete(key: string): void {
    this.#expiries.delete(key);
    this.#onRemoved(key);
  }

  #removeExpired(now: number): void {
    for (let oldest = this.#peek(); oldest; oldest = this.#peek()) {
      const [key, expiry] = oldest;
      if (this.#expiries.get(key) === expiry) {
        if (expiry > now && this.#expiries.size <= this.#maxEntries) return;
        this.delete(key);
      }
      this.#oldest = undefined; // removed, or added again since
    }
  }

  #peek(): [key: string, expiry: number] | undefined {
    this.#oldest ??= this.#iterator.next().value;
    if (this.#oldest || this.#expiries.size === 0) return this.#oldest;
    this.#iterator = this.#expiries.entries(); // the one before had come to its end
    return (this.#oldest = this.#iterator.next().value);
  }
}

/** A map whose entries expire as those of a {@link TtlSet}. */
export class TtlMap<Value> {
  readonly #keys: TtlSet;
  readonly #values = new Map<string, Value>();

  constructor(clock: Clock, maxEntries?: number) {
    this.#keys = new TtlSet(clock, maxEntries, (key) => this.#values.delete(key));
  }

  get(key: string): Value | undefined {
    return this.#keys.has(key) ? this.#values.get(key) : undefined;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** @param ttlMs how long the entry lives, in milliseconds. */
  set(key: string, value: Value, ttlMs: number): void {
    this.#values.set(key, value);
    this.#keys.add(key, ttlMs);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }
}
