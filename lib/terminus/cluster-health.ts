import type { LimeClusterStatus } from '../interfaces/cluster.interface.js';
import { codeOf, type Finding } from './health.js';

/** How healthy a site is whose cluster stands like this; without a cluster there is nothing to find. */
export function clusterHealth(
  status: LimeClusterStatus | undefined,
  now: number,
  maxSilenceMs: number,
): Finding[] {
  if (!status) return [];
  const { state, since, lastError } = status;
  const report = {
    cluster: state,
    clusterSince: since.toISOString(),
    ...(state !== 'up' && lastError && { clusterError: codeOf(lastError) }),
  };
  const isLate = now - since.getTime() > maxSilenceMs;
  if (state === 'connecting' && !isLate) return [{ health: 'degraded', report }];
  return [{ health: state === 'up' ? 'up' : 'down', report }];
}
