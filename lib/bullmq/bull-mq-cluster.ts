import { LimeError } from '../errors/index.js';
import type { LimeCluster } from '../interfaces/cluster.interface.js';
import { BullMqMember } from './bull-mq-member.js';
import { type BullMqClusterOptions, resolveClusterOptions } from './cluster-options.js';

/** The optional packages behind the cluster. */
export interface ClusterPackages {
  readonly bullmq: Pick<typeof import('bullmq'), 'DelayedError' | 'Queue' | 'Worker'>;
  readonly ioredis: Pick<typeof import('ioredis'), 'Redis'>;
}

/**
 * For the option `cluster`: the replicas of a site share a BullMQ queue on Redis. Each login is handled by one of them, at
 * least once; outcomes, known logins and single use are the same on all.
 *
 * @example
 * ```ts
 * LimeSitesModule.forRoot({ cluster: bullMqCluster({ url: 'redis://127.0.0.1:6379' }) })
 * ```
 * @throws {LimeError} `INVALID_OPTIONS` at once; `MISSING_PACKAGE` at start, without `bullmq` and `ioredis`.
 */
export function bullMqCluster(options: BullMqClusterOptions): LimeCluster {
  const resolved = resolveClusterOptions(options);
  return {
    join: async (site) => new BullMqMember(await loadPackages(), resolved, site),
  };
}

async function loadPackages(): Promise<ClusterPackages> {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, ioredis };
  } catch (cause) {
    throw new LimeError(
      'MISSING_PACKAGE',
      'bullMqCluster() needs two packages that are not installed: npm install bullmq ioredis',
      { cause },
    );
  }
}
