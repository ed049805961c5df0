import type { PassportClaims } from './passport-claims.interface.js';

/** An agent approved, and its passport was verified for exactly this request. */
export interface LimeApprovedEvent {
  readonly type: 'approved';
  readonly requestId: string;
  /** The signed passport. Not enumerable: logging, spreading or serialising the event never shows it. */
  readonly passport: string;
  /** The claims of the passport, verified. */
  readonly claims: PassportClaims;
  /** When its bytes arrived, however long it then waited for a key or for a handler. */
  readonly receivedAt: Date;
}

/** The agent did not approve in time, or the approval got lost and can no longer arrive. */
export interface LimeExpiredEvent {
  readonly type: 'expired';
  readonly requestId: string;
  readonly passport: null;
  /** `platform`: LIME reported it. `local`: LIME reported nothing in time, so this module expired it; a later approval overrules that. */
  readonly origin: 'platform' | 'local';
  /** When its bytes arrived; of a `local` one when this module expired it. */
  readonly receivedAt: Date;
}

/** The outcome of a login request. */
export type LimeLoginEvent = LimeApprovedEvent | LimeExpiredEvent;

/** How a login request can end. */
export type LimeLoginEventType = LimeLoginEvent['type'];

/** A login whose handlers failed for good: at their one invocation, or in a cluster after the last retry. */
export interface LimeLoginFailure {
  readonly requestId: string;
  readonly type: LimeLoginEventType;
  /** Which handlers failed, and why; without secrets. */
  readonly failed: readonly LimeHandlerFailure[];
  /** How often the login was tried. */
  readonly attempts: number;
}

/** A handler that failed. */
export interface LimeHandlerFailure {
  /** Its name, for example `AgentLogins.onLogin`. */
  readonly handler: string;
  /** What it threw, in one line without secrets. */
  readonly reason: string;
}

/** An approval whose passport did not verify. It is not an outcome. */
export interface LimeLoginRejection {
  readonly requestId: string;
  readonly error: Error;
}

/** The second argument of a handler. Its members are getters: a copy by spreading does not have them. */
export interface LimeHandlerContext {
  /** The name of the site that the login belongs to; `default` for the one without a name. */
  readonly site: string;
  /** Aborts after `handlerTimeoutMs`, or at the shutdown deadline (`shutdownTimeoutMs`). */
  readonly signal: AbortSignal;
}

/** Called once for each outcome. May be asynchronous. */
export type LimeLoginHandler<Event extends LimeLoginEvent = LimeLoginEvent> = (
  event: Event,
  context: LimeHandlerContext,
) => unknown;
