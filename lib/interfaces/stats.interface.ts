/** Counters since the start of the application. */
export interface LimeStats {
  /** Approved and expired frames that came on the stream, repeats included. */
  received: number;
  /** Outcomes handed to handlers and subscribers. */
  delivered: number;
  /** Repeats that were dropped. */
  duplicates: number;
  /** Approvals whose passport did not verify. */
  rejected: number;
  /** Outcomes that came while no stream was open, found by asking afterwards. */
  missed: number;
  /** Handlers that threw, rejected or took too long, each try counted. */
  handlerErrors: number;
  /** Logins that a handler failed for good: after its one run, or in a cluster after the last try. */
  failed: number;
  /** Times the stream was opened again. */
  reconnects: number;
}

export function emptyStats(): LimeStats {
  return {
    received: 0,
    delivered: 0,
    duplicates: 0,
    rejected: 0,
    missed: 0,
    handlerErrors: 0,
    failed: 0,
    reconnects: 0,
  };
}
