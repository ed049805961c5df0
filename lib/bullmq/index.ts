import type { LimeCluster } from '../interfaces/cluster.interface.js';
import { BullMqMember } from './bull-mq-member.js';
import { type BullMqClusterOptions, resolveClusterOptions } from './cluster-options.js';
import { loadClusterPackages } from './cluster-packages.js';

export type { BullMqClusterOptions } from './cluster-options.js';

/**
 * For the option `cluster`: the replicas of a site share a BullMQ queue on Redis. Each login is handled by one of them, at
 * least once; outcomes, known logins and single use are the same on all.
 *
 * @example
 * ```ts
 * LimeSitesModule.forRoot({ cluster: bullMqCluster({ url: 'redis://127.0.0.1:6379' }) })
 * ```
 * @throws {LimeError} `INVALID_OPTIONS` at once; at start `MISSING_PACKAGE` without `bullmq` and `ioredis`, and
 * `UNSUPPORTED_VERSION` with a version of them that the cluster does not work with.
 */
export function bullMqCluster(options: BullMqClusterOptions): LimeCluster {
  const resolved = resolveClusterOptions(options);
  return {
    join: async (site) => new BullMqMember(await loadClusterPackages(), resolved, site),
  };
}
