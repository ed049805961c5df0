/**
 * - `idle`: not started yet, or `dispatcher: false`
 * - `connecting`: the first attempt is in progress
 * - `open`: events arrive
 * - `reconnecting`: lost or out of reach; the next attempt follows within seconds
 * - `unauthorized`: refused (401, 403, 404, or an untrusted certificate); an attempt follows every 30 s to 5 min
 * - `closed`: the application is shutting down
 */
export type LimeConnectionState =
  'idle' | 'connecting' | 'open' | 'reconnecting' | 'unauthorized' | 'closed';

/** The state of the event stream. */
export interface LimeConnection {
  readonly state: LimeConnectionState;
  /** When this state began. */
  readonly since: Date;
  /** Attempts since the stream was last open; 0 while it is. */
  readonly attempt: number;
  /** When the last frame arrived; keepalives and comments count. */
  readonly lastFrameAt?: Date;
  /** Why the last attempt or stream ended. */
  readonly lastError?: Error;
}
