import { RecentMap } from '../common/recent-map.js';
import type { Clock } from '../common/clock.js';
import type { LimeApprovedEvent } from '../interfaces/login-events.interface.js';

interface Entry {
  readonly event: LimeApprovedEvent;
  /** The monotonic moment at which it is no longer to be told. */
  readonly endsAt: number;
}

/** Approvals that are kept whole for a time. */
export class RecentApprovals {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #entries: RecentMap<Entry>;

  /** @param capacity so many are kept at least, and twice as many at most. */
  constructor(clock: Clock, capacity: number, ttlMs: number) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.#entries = new RecentMap(capacity);
  }

  get(requestId: string): LimeApprovedEvent | undefined {
    const entry = this.#entries.get(requestId);
    return entry && entry.endsAt > this.#clock.monotonic() ? entry.event : undefined;
  }

  add(event: LimeApprovedEvent): void {
    this.#entries.set(event.requestId, { event, endsAt: this.#clock.monotonic() + this.#ttlMs });
  }
}
