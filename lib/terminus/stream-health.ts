import type { LimeConnection } from '../index.js';

export type Health = 'up' | 'degraded' | 'down';

/** What a health check says about the event stream. A code and no message: the answer may be public, the log has the rest. */
export interface StreamHealthReport extends Record<string, unknown> {
  readonly state: LimeConnection['state'];
  /** When this state began (ISO 8601). */
  readonly since: string;
  /** Attempts since the stream was last open. */
  readonly attempt?: number;
  /** When LIME was last heard (ISO 8601). */
  readonly lastFrameAt?: string;
  /** Why the last attempt or stream ended: the code of a `LimeError`. */
  readonly error?: string;
  readonly message?: string;
}

/** How healthy a site is whose event stream stands like this. */
export function streamHealth(
  connection: LimeConnection,
  now: number,
  maxSilenceMs: number,
): { health: Health; report: StreamHealthReport } {
  const report = reportOf(connection);
  const silentForMs = now - Math.max(+connection.since, +(connection.lastFrameAt ?? 0));
  switch (connection.state) {
    case 'idle':
      return { health: 'up', report: { ...report, message: 'holds no event stream' } };
    case 'unauthorized':
    case 'closed':
      return { health: 'down', report };
    case 'open':
    case 'connecting':
    case 'reconnecting':
      if (silentForMs <= maxSilenceMs) {
        return { health: connection.state === 'open' ? 'up' : 'degraded', report };
      }
      const message = `nothing was heard of LIME for ${silentForMs} ms (maxSilenceMs: ${maxSilenceMs})`;
      return { health: 'down', report: { ...report, message } };
  }
}

function reportOf({
  state,
  since,
  attempt,
  lastFrameAt,
  lastError,
}: LimeConnection): StreamHealthReport {
  return {
    state,
    since: since.toISOString(),
    ...(attempt > 0 && { attempt }),
    ...(lastFrameAt && { lastFrameAt: lastFrameAt.toISOString() }),
    ...(lastError && { error: codeOf(lastError) }),
  };
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
