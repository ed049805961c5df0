import type { PassportClaims } from '../interfaces/passport-claims.interface.js';
import type { LimeApprovedEvent } from '../interfaces/login-events.interface.js';

/** An approval. Its passport can be read, but whatever goes through the members of an object does not find it. */
export class ApprovedEvent implements LimeApprovedEvent {
  readonly type = 'approved';
  readonly #passport: string | (() => never);

  /** @param passport the passport, or what reading it does. */
  constructor(
    readonly requestId: string,
    passport: string | (() => never),
    readonly claims: PassportClaims,
    readonly receivedAt: Date,
  ) {
    this.#passport = passport;
  }

  get passport(): string {
    return typeof this.#passport === 'string' ? this.#passport : this.#passport();
  }
}
