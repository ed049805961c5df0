import type { LimeClusterReplica, LimeClusterSite } from '../interfaces/cluster.interface.js';
import type { LimeLogger } from '../common/logger.js';
import type { ClusterHealth } from './cluster-health.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import { errorText } from './error-text.js';
import { evictionPolicyOf } from './eviction-policy.js';
import { Heartbeat } from './heartbeat.js';
import { LoginQueue } from './login-queue.js';
import { LoginWorker } from './login-worker.js';
import type { ClusterPackages } from './packages.js';
import { RedisClients } from './redis-clients.js';
import { RedisKeys } from './redis-keys.js';
import { Settlements } from './settlements.js';
import { SharedIds } from './shared-ids.js';
import { VerdictFeed } from './verdict-feed.js';

/** How long the key stays that says that a replica was here. */
const ALIVE_MS = 60_000;

/** Everything of one site that is on Redis, as one replica uses it. Begins to connect when it is made. */
export class SiteOnRedis {
  readonly queue: LoginQueue;
  readonly ids: SharedIds;
  readonly settlements: Settlements;
  readonly #clients: RedisClients;
  readonly #worker: LoginWorker | undefined;
  readonly #heartbeat: Heartbeat;

  constructor(
    packages: ClusterPackages,
    options: ResolvedClusterOptions,
    { key, concurrency, logger }: LimeClusterSite,
    health: ClusterHealth,
    replica: LimeClusterReplica,
  ) {
    const note = onceEach((text) => logger.debug(`A connection to Redis: ${text}`));
    const clients = new RedisClients(packages, options, note);
    const keys = new RedisKeys(options.prefix, options.siteKey ?? key);
    this.#clients = clients;
    this.ids = new SharedIds(clients.commands, keys);
    this.settlements = new Settlements(clients.commands, keys, options.rememberMs);
    this.queue = new LoginQueue(packages, clients.commands, keys, options, note);
    const feed = new VerdictFeed(clients.feed, keys, this.settlements, replica, logger);
    feed.start();
    health.whenever(() => void feed.catchUp());
    this.#worker = replica.works
      ? new LoginWorker({
          packages,
          client: clients.jobs,
          keys,
          options,
          concurrency,
          settlements: this.settlements,
          replica,
          onError: note,
          logger,
        })
      : undefined;
    this.#heartbeat = new Heartbeat({
      // A key is written, because a Redis that is full, or has become a replica, answers everything else.
      beat: () => health.probe(() => clients.commands.set(keys.alive, '1', 'PX', ALIVE_MS)),
      // Who handles no logins leaves the orphans to those who do.
      overdueAt: (moment) =>
        replica.works ? health.run(() => this.settlements.overdueAt(moment)) : Promise.resolve([]),
      expire: (requestId) =>
        health.run(() =>
          this.queue.add({ type: 'expired', requestId, origin: 'local', receivedAt: Date.now() }),
        ),
    });
    this.#watch(health, logger);
    this.#heartbeat.start();
  }

  async drain(deadline: AbortSignal): Promise<void> {
    await this.#worker?.drain(deadline);
  }

  async close(): Promise<void> {
    this.#heartbeat.stop();
    await this.queue.close();
    this.#clients.close();
  }

  #watch(health: ClusterHealth, logger: LimeLogger): void {
    const { commands } = this.#clients;
    commands.on('ready', () => health.up());
    commands.once('ready', () => void this.#checkEviction(logger));
    commands.on('error', (error: Error) => health.down(error));
    commands.on('close', () => health.down(new Error('the connection was closed')));
  }

  async #checkEviction(logger: LimeLogger): Promise<void> {
    const policy = await evictionPolicyOf(this.#clients.commands).catch(() => undefined);
    if (policy === undefined || policy === 'noeviction') return;
    logger.warn(
      `Redis throws away what it likes when its memory is full (maxmemory-policy ${policy}), logins too: set it to noeviction`,
    );
  }
}

/** A fault that lasts is told once, and what comes of it by the health of the cluster. */
function onceEach(tell: (text: string) => void): (error: Error) => void {
  let last: string | undefined;
  return (error) => {
    const text = errorText(error);
    if (text !== last) tell(text);
    last = text;
  };
}
