import type { Clock } from '../ports/index.js';
import type { LimeLoginEvent } from './login-event.js';

interface Entry {
  readonly event: LimeLoginEvent;
  /** The monotonic moment at which it is no longer to be told. */
  readonly endsAt: number;
}

/**
 * Outcomes that are kept whole for a time, in two generations: when the young one is full the old one is let go as a
 * whole, which costs a fraction of what it costs to find and remove the oldest one for each that comes.
 */
export class RecentOutcomes {
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #ttlMs: number;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();

  /** @param capacity so many are kept at least, and twice as many at most. */
  constructor(clock: Clock, capacity: number, ttlMs: number) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#ttlMs = ttlMs;
  }

  get(requestId: string): LimeLoginEvent | undefined {
    const entry = this.#young.get(requestId) ?? this.#old.get(requestId);
    return entry && entry.endsAt > this.#clock.monotonic() ? entry.event : undefined;
  }

  add(event: LimeLoginEvent): void {
    this.#young.set(event.requestId, { event, endsAt: this.#clock.monotonic() + this.#ttlMs });
    if (this.#young.size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
