/** What every message of a tracing channel has: the same object from the start of an operation to its end. */
export interface LimeTraceMessage {
  /** The name of the site; `default` for the one without. */
  readonly site: string;
  /** Why the operation failed; there from the event `error` on. */
  error?: unknown;
}

/** A login, from the frame that told of its outcome to its last handler. */
export interface LimeLoginMessage extends LimeTraceMessage {
  readonly requestId: string;
  readonly type: 'approved' | 'expired';
  /** Who told of it: a frame of the event stream, or this module, which found out that nothing will come any more. */
  readonly source: 'stream' | 'local';
  /** There when the operation ends. */
  outcome?: LimeLoginOutcome;
}

/**
 * - `handled`: all handlers are through
 * - `failed`: all handlers are through, and some of them failed; `error` is the first one's
 * - `queued`: the cluster has it, and some replica will handle it
 * - `duplicate`: the login was settled before
 * - `rejected`: the passport did not verify; `error` says why
 * - `dropped`: the application was shut down before a handler, or the cluster, could take it
 */
export type LimeLoginOutcome =
  'handled' | 'failed' | 'queued' | 'duplicate' | 'rejected' | 'dropped';

/** One run of one handler for one login. */
export interface LimeHandlerMessage extends LimeTraceMessage {
  readonly requestId: string;
  readonly type: 'approved' | 'expired';
  /** For example `AgentLogins.settle`. */
  readonly handler: string;
}

/** One verification of a passport, keys included if they had to be fetched. */
export interface LimeVerifyMessage extends LimeTraceMessage {
  readonly kind: 'login' | 'binding';
}

/** One HTTP exchange with LIME, each try for itself; of the event stream until its headers are there. */
export interface LimeHttpMessage extends LimeTraceMessage {
  readonly method: 'GET' | 'POST';
  /** The path below the base URL, with `{id}` in place of ids. */
  readonly route: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Of the answer, when there is one. */
  status?: number;
}

/** The event stream is in another state now. */
export interface LimeConnectionMessage {
  readonly site: string;
  readonly previous: LimeConnectionName;
  readonly state: LimeConnectionName;
  /** Attempts since the stream was last open. */
  readonly attempt: number;
  /** Why the last attempt or stream ended. */
  readonly error?: Error;
}

type LimeConnectionName =
  'idle' | 'connecting' | 'open' | 'reconnecting' | 'unauthorized' | 'closed';
