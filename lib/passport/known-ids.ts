import type { Clock } from '../common/clock.js';
import { ExpiringSet } from '../common/expiring-set.js';

/** A passport that was issued at the last moment lives on for two minutes, and clocks differ. */
const AFTERLIFE_MS = 3 * 60_000;

/** What this process started: only passports that are for it are meant for this site. */
export class KnownIds {
  readonly #clock: Clock;
  readonly #ids: ExpiringSet;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#ids = new ExpiringSet(clock);
  }

  add(id: string, expiresAt: Date): void {
    const remainingMs = Math.max(0, expiresAt.getTime() - this.#clock.now());
    this.#ids.add(id, remainingMs + AFTERLIFE_MS);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
