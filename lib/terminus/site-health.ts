import type { LimeClusterStatus } from '../interfaces/cluster.interface.js';
import type { LimeConnection } from '../interfaces/connection.interface.js';

/** From best to worst. */
const HEALTHS = ['up', 'degraded', 'down'] as const;

export type Health = (typeof HEALTHS)[number];

/** The health of a site or of one part of it. */
export interface SiteHealth {
  readonly health: Health;
  /** The fields of the health check's answer. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** Judges a site by its event stream and its cluster; the worse of the two counts. */
export function siteHealth(
  connection: LimeConnection,
  cluster: LimeClusterStatus | undefined,
  now: number,
  maxIdleMs: number,
): SiteHealth {
  const stream = streamHealth(connection, now, maxIdleMs);
  if (!cluster) return stream;
  const member = clusterHealth(cluster, now, maxIdleMs);
  const isWorse = HEALTHS.indexOf(member.health) > HEALTHS.indexOf(stream.health);
  return {
    health: isWorse ? member.health : stream.health,
    report: { ...member.report, ...stream.report },
  };
}

function streamHealth(connection: LimeConnection, now: number, maxIdleMs: number): SiteHealth {
  const { state, since, attempt, lastFrameAt, lastError } = connection;
  const report = {
    state,
    since: since.toISOString(),
    ...(attempt > 0 && { attempt }),
    ...(lastFrameAt && { lastFrameAt: lastFrameAt.toISOString() }),
    ...(lastError && { error: codeOf(lastError) }),
  };
  const idleMs = now - Math.max(since.getTime(), lastFrameAt?.getTime() ?? 0);
  switch (state) {
    case 'idle':
      return { health: 'up', report: { ...report, message: 'holds no event stream' } };
    case 'unauthorized':
    case 'closed':
      return { health: 'down', report };
    case 'open':
    case 'connecting':
    case 'reconnecting':
      if (idleMs <= maxIdleMs) return { health: state === 'open' ? 'up' : 'degraded', report };
      const message = `nothing arrived from LIME for ${idleMs} ms (maxIdleMs: ${maxIdleMs})`;
      return { health: 'down', report: { ...report, message } };
  }
}

function clusterHealth(
  { state, since, lastError }: LimeClusterStatus,
  now: number,
  maxIdleMs: number,
): SiteHealth {
  const report = {
    cluster: state,
    clusterSince: since.toISOString(),
    ...(state !== 'up' && lastError && { clusterError: codeOf(lastError) }),
  };
  const isLate = now - since.getTime() > maxIdleMs;
  if (state === 'connecting' && !isLate) return { health: 'degraded', report };
  return { health: state === 'up' ? 'up' : 'down', report };
}

/** Returns a code, never a message: the answer of a health check may be public, and the log has the rest. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
