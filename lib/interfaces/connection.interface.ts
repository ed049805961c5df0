/**
 * - `idle`: not started yet, or `dispatcher: false`
 * - `connecting`: the first attempt is under way
 * - `open`: events arrive
 * - `reconnecting`: lost or not reached; tried again within seconds
 * - `unauthorized`: refused (401, 403, 404, or a certificate that is not trusted); tried again every 30 s to 5 min
 * - `closed`: the application is shutting down
 */
export type LimeConnectionState =
  'idle' | 'connecting' | 'open' | 'reconnecting' | 'unauthorized' | 'closed';

/** How the event stream stands. */
export interface LimeConnection {
  readonly state: LimeConnectionState;
  /** When this state began. */
  readonly since: Date;
  /** Attempts since the stream was last open; 0 while it is. */
  readonly attempt: number;
  /** When the last frame came, keepalives and comments included. */
  readonly lastFrameAt?: Date;
  /** Why the last attempt or stream ended. */
  readonly lastError?: Error;
}
