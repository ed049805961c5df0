import type { Clock } from '../ports/index.js';
import { ExpiringSet } from './expiring-set.js';

/** A passport that was issued at the last moment lives on for a minute, and clocks differ. */
const AFTERLIFE_MS = 2 * 60_000;

/** The bindings that this process started: only their passports are meant for this site. */
export class KnownBindings {
  readonly #clock: Clock;
  readonly #bindings: ExpiringSet;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bindings = new ExpiringSet(clock);
  }

  add(bindingId: string, expiresAt: Date): void {
    const remainingMs = Math.max(0, expiresAt.getTime() - this.#clock.now());
    this.#bindings.add(bindingId, remainingMs + AFTERLIFE_MS);
  }

  has(bindingId: string): boolean {
    return this.#bindings.has(bindingId);
  }
}
