import { LRUCache } from 'lru-cache';
import type { Clock } from '../ports/index.js';

const MAX_BINDINGS = 100_000;
/** A passport that was issued at the last moment lives on for a minute, and clocks differ. */
const AFTERLIFE_MS = 2 * 60_000;

/** The bindings that this process started: only their passports are meant for this site. */
export class KnownBindings {
  readonly #clock: Clock;
  readonly #bindings: LRUCache<string, true>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bindings = new LRUCache({
      max: MAX_BINDINGS,
      ttlResolution: 0,
      perf: { now: () => clock.monotonic() },
    });
  }

  add(bindingId: string, expiresAt: Date): void {
    const ttl = Math.max(1, expiresAt.getTime() - this.#clock.now()) + AFTERLIFE_MS;
    this.#bindings.set(bindingId, true, { ttl });
  }

  has(bindingId: string): boolean {
    return this.#bindings.has(bindingId);
  }
}
