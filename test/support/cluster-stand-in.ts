import type { LimeCluster, LimeClusterMember, LimeClusterStatus } from 'nestjs-lime-sites';

/** A cluster with a given status that takes every login. Single methods can be replaced. */
export function clusterThatIs(
  status: LimeClusterStatus,
  member: Partial<LimeClusterMember> = {},
): LimeCluster {
  return {
    join: () =>
      Promise.resolve({
        status,
        start: () => undefined,
        whenUp: () => Promise.resolve(),
        submit: () => Promise.resolve(),
        remember: () => Promise.resolve(),
        knows: () => Promise.resolve(false),
        claim: () => Promise.resolve(true),
        outcomeOf: () => Promise.resolve(undefined),
        drain: () => Promise.resolve(),
        close: () => Promise.resolve(),
        ...member,
      }),
  };
}
