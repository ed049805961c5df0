import type {
  LimeClusterMember,
  LimeClusterReplica,
  LimeClusterSite,
  LimeClusterStatus,
  LimeSharedId,
} from '../interfaces/cluster.interface.js';
import type { LoginRecord } from '../interfaces/login-record.interface.js';
import { ClusterHealth } from './cluster-health.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import type { ClusterPackages } from './packages.js';
import { SiteOnRedis } from './site-on-redis.js';

/** One replica of a site, over BullMQ and Redis. */
export class BullMqMember implements LimeClusterMember {
  readonly #packages: ClusterPackages;
  readonly #options: ResolvedClusterOptions;
  readonly #site: LimeClusterSite;
  readonly #health: ClusterHealth;
  #redis: SiteOnRedis | undefined;

  constructor(packages: ClusterPackages, options: ResolvedClusterOptions, site: LimeClusterSite) {
    this.#packages = packages;
    this.#options = options;
    this.#site = site;
    this.#health = new ClusterHealth(site.logger);
  }

  get status(): LimeClusterStatus {
    return this.#health.status;
  }

  /** Connections are opened only now: an application that is put together and not started leaves nothing open. */
  start(replica: LimeClusterReplica): void {
    this.#redis = new SiteOnRedis(this.#packages, this.#options, this.#site, this.#health, replica);
  }

  whenUp(waitMs: number): Promise<void> {
    return this.#health.whenUp(waitMs);
  }

  submit(record: LoginRecord): Promise<void> {
    return this.#use(({ queue }) => queue.add(record));
  }

  remember(kind: LimeSharedId, id: string, expiresAt: Date): Promise<void> {
    return this.#use(async ({ ids, settlements }) => {
      const expected = kind === 'login' ? settlements.expect(id, expiresAt) : undefined;
      await Promise.all([ids.remember(kind, id, expiresAt), expected]);
    });
  }

  knows(kind: LimeSharedId, id: string): Promise<boolean> {
    return this.#use(({ ids }) => ids.knows(kind, id));
  }

  claim(use: string, expiresAt: Date): Promise<boolean> {
    return this.#use(({ ids }) => ids.claim(use, expiresAt));
  }

  outcomeOf(requestId: string): Promise<LoginRecord | undefined> {
    return this.#use(({ settlements }) => settlements.verdictOn(requestId));
  }

  async drain(deadline: AbortSignal): Promise<void> {
    await this.#redis?.drain(deadline);
  }

  async close(): Promise<void> {
    this.#health.closed();
    await this.#redis?.close();
  }

  #use<Result>(command: (redis: SiteOnRedis) => Promise<Result>): Promise<Result> {
    const redis = this.#redis;
    return this.#health.run(() =>
      redis ? command(redis) : Promise.reject(new Error('not started')),
    );
  }
}
