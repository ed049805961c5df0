import type { PassportClaims } from './passport-claims.interface.js';

/** An agent approved, and its passport was verified for exactly this request. */
export interface LimeApprovedEvent {
  readonly type: 'approved';
  readonly requestId: string;
  /** The signed passport. Not enumerable: logging, spreading or serialising the event never shows it. */
  readonly passport: string;
  /** What the passport says, verified. */
  readonly claims: PassportClaims;
  /** When its bytes came, however long it waited for a key or for a handler. */
  readonly receivedAt: Date;
}

/** Nobody approved in time, or an approval got lost and can no longer arrive. */
export interface LimeExpiredEvent {
  readonly type: 'expired';
  readonly requestId: string;
  readonly passport: null;
  /** Who says so: LIME, or this module because LIME stayed silent. A later approval overrules `local`. */
  readonly origin: 'platform' | 'local';
  /** When its bytes came; of a `local` one when it was found out. */
  readonly receivedAt: Date;
}

/** How a login ended. */
export type LimeLoginEvent = LimeApprovedEvent | LimeExpiredEvent;

/** How a login can end. */
export type LimeLoginEventType = LimeLoginEvent['type'];

/** A login whose handlers failed for good: after their one run, or in a cluster after the last try. */
export interface LimeLoginFailure {
  readonly requestId: string;
  readonly type: LimeLoginEventType;
  /** Which handlers, and why: fit for a log. */
  readonly failed: readonly { readonly handler: string; readonly reason: string }[];
  /** How often it was tried. */
  readonly attempts: number;
}

/** An approval whose passport did not verify. It settles nothing. */
export interface LimeLoginRejection {
  readonly requestId: string;
  readonly error: Error;
}

export function expiredEvent(
  requestId: string,
  origin: LimeExpiredEvent['origin'],
  receivedAt: Date,
): LimeExpiredEvent {
  return { type: 'expired', requestId, passport: null, origin, receivedAt };
}
