import { LimeError } from '../errors/index.js';
import type { LoginOutcome } from '../interfaces/cluster.interface.js';
import type {
  LimeApprovedEvent,
  LimeExpiredEvent,
  LimeLoginEvent,
} from '../interfaces/login-events.interface.js';
import type { PassportClaims } from '../interfaces/passport-claims.interface.js';

/** An approval. Its passport can be read, but enumerating, spreading or serialising the event does not show it. */
export class ApprovedEvent implements LimeApprovedEvent {
  readonly type = 'approved';
  readonly #passport: string | undefined;

  /** @param passport `undefined` if it was not kept. */
  constructor(
    readonly requestId: string,
    passport: string | undefined,
    readonly claims: PassportClaims,
    readonly receivedAt: Date,
  ) {
    this.#passport = passport;
  }

  /** @throws {LimeError} `PASSPORT_NOT_KEPT` once the handlers of a cluster are done. */
  get passport(): string {
    if (this.#passport !== undefined) return this.#passport;
    throw new LimeError(
      'PASSPORT_NOT_KEPT',
      'the passport of this login is not kept once its handlers are done: read it in a handler, or use the claims',
    );
  }
}

/** @param receivedAt in milliseconds since the epoch. */
export function expiredEvent(
  requestId: string,
  origin: LimeExpiredEvent['origin'],
  receivedAt: number,
): LimeExpiredEvent {
  return {
    type: 'expired',
    requestId,
    passport: null,
    origin,
    receivedAt: new Date(receivedAt),
  };
}

/** The outcome as it travels between replicas, passport included. */
export function outcomeOf(event: LimeLoginEvent): LoginOutcome {
  const { requestId } = event;
  const receivedAt = event.receivedAt.getTime();
  if (event.type === 'expired') {
    return { type: 'expired', requestId, origin: event.origin, receivedAt };
  }
  const { claims, passport } = event;
  return { type: 'approved', requestId, claims, passport, receivedAt };
}

/** The event that an outcome from another replica stands for. */
export function eventOf(outcome: LoginOutcome): LimeLoginEvent {
  const { requestId, receivedAt } = outcome;
  if (outcome.type === 'expired') return expiredEvent(requestId, outcome.origin, receivedAt);
  const { claims, passport } = outcome;
  return new ApprovedEvent(requestId, passport, claims, new Date(receivedAt));
}
