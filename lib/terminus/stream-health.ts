import type { LimeConnection } from '../interfaces/connection.interface.js';
import { codeOf, type Finding } from './health.js';

/** How healthy a site is whose event stream stands like this. */
export function streamHealth(
  connection: LimeConnection,
  now: number,
  maxSilenceMs: number,
): Finding {
  const { state, since, lastFrameAt } = connection;
  const report = reportOf(connection);
  const silentForMs = now - Math.max(since.getTime(), lastFrameAt?.getTime() ?? 0);
  switch (state) {
    case 'idle':
      return { health: 'up', report: { ...report, message: 'holds no event stream' } };
    case 'unauthorized':
    case 'closed':
      return { health: 'down', report };
    case 'open':
    case 'connecting':
    case 'reconnecting':
      if (silentForMs <= maxSilenceMs) {
        return { health: state === 'open' ? 'up' : 'degraded', report };
      }
      const message = `nothing was heard of LIME for ${silentForMs} ms (maxSilenceMs: ${maxSilenceMs})`;
      return { health: 'down', report: { ...report, message } };
  }
}

function reportOf({ state, since, attempt, lastFrameAt, lastError }: LimeConnection) {
  return {
    state,
    since: since.toISOString(),
    ...(attempt > 0 && { attempt }),
    ...(lastFrameAt && { lastFrameAt: lastFrameAt.toISOString() }),
    ...(lastError && { error: codeOf(lastError) }),
  };
}
