import type { Clock } from './clock.js';

/** The entries that were set in one period. */
interface Generation<Value> {
  readonly entries: Map<string, Value>;
  /** The monotonic millisecond at which the last of them expires. */
  expiry: number;
}

/**
 * A map whose entries expire. They are removed a generation at a time, when others are set, so an entry may live up to twice as long as
 * it was set for. Above `maxEntries` the older generation makes way before its time.
 */
export class TtlMap<Value> {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  #young: Generation<Value> = emptyGeneration();
  #old: Generation<Value> = emptyGeneration();

  constructor(clock: Clock, maxEntries = Number.POSITIVE_INFINITY) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  get(key: string): Value | undefined {
    return this.#find(this.#young, key) ?? this.#find(this.#old, key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** @param ttlMs how long the entry lives at least, in milliseconds. */
  set(key: string, value: Value, ttlMs: number): void {
    const now = this.#clock.monotonic();
    if (now >= this.#old.expiry || this.#young.entries.size >= this.#maxEntries / 2) {
      this.#old = now < this.#young.expiry ? this.#young : emptyGeneration();
      this.#young = emptyGeneration();
    }
    this.#young.entries.set(key, value);
    this.#young.expiry = Math.max(this.#young.expiry, now + ttlMs);
  }

  delete(key: string): void {
    this.#young.entries.delete(key);
    this.#old.entries.delete(key);
  }

  #find({ entries, expiry }: Generation<Value>, key: string): Value | undefined {
    const value = entries.get(key);
    return value !== undefined && this.#clock.monotonic() < expiry ? value : undefined;
  }
}

function emptyGeneration<Value>(): Generation<Value> {
  return { entries: new Map(), expiry: Number.NEGATIVE_INFINITY };
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

  /** @param ttlMs how long the entry lives at least, in milliseconds. */
  add(key: string, ttlMs: number): void {
    this.#keys.set(key, true, ttlMs);
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }
}
