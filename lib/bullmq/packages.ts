import { LimeError } from '../errors/index.js';

/** The optional packages behind the cluster. */
export interface ClusterPackages {
  readonly bullmq: Pick<typeof import('bullmq'), 'DelayedError' | 'Queue' | 'Worker'>;
  readonly ioredis: Pick<typeof import('ioredis'), 'Redis'>;
}

/** @throws {LimeError} `MISSING_PACKAGE` */
export async function loadPackages(): Promise<ClusterPackages> {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, ioredis };
  } catch (cause) {
    throw new LimeError(
      'MISSING_PACKAGE',
      'bullMqCluster needs two packages that are not installed with this one: npm install bullmq ioredis',
      { cause },
    );
  }
}
