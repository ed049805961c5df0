import type { LimeSitesModuleExtras, LimeSitesModuleOptions } from 'nestjs-lime-sites';
import { type BullMqClusterOptions, bullMqCluster } from 'nestjs-lime-sites/bullmq';
import type { LimeSandbox, LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { RecordingHandler } from '../support/recording-handler.js';
import type { AppSetup, StartedSite, Starter } from '../support/start-site.js';
import { until } from '../support/until.js';

export interface ReplicaSetup extends AppSetup {
  redis: { readonly access: BullMqClusterOptions };
  /** A running platform. Default: a new one. */
  lime?: LimeSandbox;
  sandbox?: LimeSandboxOptions;
  cluster?: BullMqClusterOptions;
  options?: LimeSitesModuleOptions & LimeSitesModuleExtras;
  /** Default `true`: waits until the replica has joined the cluster. */
  joined?: boolean;
}

export interface Replica extends StartedSite {
  readonly handler: RecordingHandler;
}

/** Starts a replica of a site in this process. */
export async function startReplica(
  start: Starter,
  { redis, lime, sandbox, cluster, options, joined = true, ...setup }: ReplicaSetup,
): Promise<Replica> {
  const replica = await start.site({
    ...setup,
    ...(lime && { lime }),
    ...(sandbox && { sandbox }),
    options: { cluster: bullMqCluster({ ...redis.access, ...cluster }), ...options },
    providers: [RecordingHandler, ...(setup.providers ?? [])],
  });
  if (joined) await until(() => replica.site.cluster?.state === 'up');
  return { ...replica, handler: replica.app.get(RecordingHandler) };
}

export interface Replicas {
  readonly lime: LimeSandbox;
  readonly first: Replica;
  readonly second: Replica;
  readonly both: readonly Replica[];
}

/** Starts two replicas of a site on one platform, each with its own stream. */
export async function startTwo(start: Starter, setup: ReplicaSetup): Promise<Replicas> {
  const lime = setup.lime ?? (await start.lime(setup.sandbox));
  const first = await startReplica(start, { ...setup, lime });
  const second = await startReplica(start, { ...setup, lime });
  await lime.whenStreamOpen(2);
  return { lime, first, second, both: [first, second] };
}
