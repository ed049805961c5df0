import { createHmac } from 'node:crypto';
import type { LimeClusterMember } from './interfaces/cluster.interface.js';
import type { LimeLogger } from './common/logger.js';
import type { ResolvedOptions } from './lime-sites.options.js';

/** @returns this replica's part in the cluster of the site, if the options name one. */
export async function joinCluster(
  name: string,
  { cluster, baseUrl, siteToken, concurrency }: ResolvedOptions,
  logger: LimeLogger,
): Promise<LimeClusterMember | undefined> {
  return cluster?.join({
    name,
    key: siteKey(name, baseUrl, siteToken.reveal()),
    concurrency,
    logger,
  });
}

/** Tells one site from another without telling its token: 96 bits of a digest that is keyed with it. */
function siteKey(name: string, baseUrl: string, siteToken: string): string {
  const digest = createHmac('sha256', siteToken).update(`${name}\n${baseUrl}`).digest('hex');
  return digest.slice(0, 24);
}
