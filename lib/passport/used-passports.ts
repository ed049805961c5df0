import type { Clock } from '../common/clock.js';
import { ExpiringSet } from '../common/expiring-set.js';

/** Beyond `exp`, because clocks differ. */
const AFTERLIFE_MS = 2 * 60_000;

/** Passports that were presented where each counts once. */
export class UsedPassports {
  readonly #clock: Clock;
  readonly #used: ExpiringSet;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#used = new ExpiringSet(clock);
  }

  /**
   * Marks a login or binding as used, in one step: of two at the same instant one wins.
   * @param id what the passport stands for; a second passport for the same login is the same use.
   * @param exp when the passport expires, in seconds since the epoch.
   * @returns whether this was the first time.
   */
  claim(id: string, exp: number): boolean {
    if (this.#used.has(id)) return false;
    this.#used.add(id, Math.max(0, exp * 1000 - this.#clock.now()) + AFTERLIFE_MS);
    return true;
  }
}
