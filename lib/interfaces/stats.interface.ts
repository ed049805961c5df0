/** Counters since the start of the application. */
export interface LimeStats {
  /** Approved and expired frames of the stream, duplicates included. */
  received: number;
  /** Outcomes delivered to handlers and subscribers. */
  delivered: number;
  /** Duplicates that were dropped. */
  duplicates: number;
  /** Approvals whose passport did not verify. */
  rejected: number;
  /** Outcomes that LIME sent while no stream was open, recovered by a status call. */
  missed: number;
  /** Frames that were unreadable or of an unknown type. */
  skipped: number;
  /** Handler invocations that threw, rejected or timed out. */
  handlerErrors: number;
  /** Logins whose handlers failed for good: at their one invocation, or in a cluster after the last retry. */
  failed: number;
  /** Reconnects of the stream. */
  reconnects: number;
}

export function emptyStats(): LimeStats {
  return {
    received: 0,
    delivered: 0,
    duplicates: 0,
    rejected: 0,
    missed: 0,
    skipped: 0,
    handlerErrors: 0,
    failed: 0,
    reconnects: 0,
  };
}
