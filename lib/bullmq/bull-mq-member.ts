import type { LimeLogger } from '../common/logger.js';
import type {
  LimeClusterMember,
  LimeClusterReplica,
  LimeClusterSite,
  LimeClusterStatus,
  LoginOutcome,
} from '../interfaces/cluster.interface.js';
import type { LimeStoreKind } from '../interfaces/store.interface.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import type { ClusterPackages } from './cluster-packages.js';
import { LoginQueue } from './login-queue.js';
import { LoginWorker } from './login-worker.js';
import { OutcomeChannel } from './outcome-channel.js';
import { OutcomeStore } from './outcome-store.js';
import { type RedisClient, RedisClients } from './redis-clients.js';
import { isRefusal, RedisHealth } from './redis-health.js';
import { RedisKeys } from './redis-keys.js';

const HEARTBEAT_MS = 1_000;
/** TTL of the key that a replica writes to see whether it can. */
const ALIVE_MS = 60_000;
/** How long after `expiresAt`, by the clock of Redis, a login without an outcome expires. */
const EXPIRY_GRACE_MS = 2_000;
/** Old failed jobs are removed once in so many heartbeats. */
const CLEAN_EVERY = 60;

/** The connections of one replica and what runs on them. */
interface Connected {
  readonly clients: RedisClients;
  readonly store: OutcomeStore;
  readonly queue: LoginQueue;
  readonly worker: LoginWorker | undefined;
  readonly heartbeat: Heartbeat;
}

/** One replica of a site, over BullMQ and Redis. */
export class BullMqMember implements LimeClusterMember {
  readonly #packages: ClusterPackages;
  readonly #options: ResolvedClusterOptions;
  readonly #site: LimeClusterSite;
  readonly #health: RedisHealth;
  #connected: Connected | undefined;
  #heartbeats = 0;

  constructor(packages: ClusterPackages, options: ResolvedClusterOptions, site: LimeClusterSite) {
    this.#packages = packages;
    this.#options = options;
    this.#site = site;
    this.#health = new RedisHealth(site.logger);
  }

  get status(): LimeClusterStatus {
    return this.#health.status;
  }

  /** Connects only now: an application that is put together and not started leaves no connection open. */
  start(replica: LimeClusterReplica): void {
    const health = this.#health;
    const { key, logger } = this.#site;
    const onError = this.#errorListener();
    const clients = new RedisClients(this.#packages, this.#options, onError);
    try {
      const keys = new RedisKeys(this.#options.prefix, this.#options.siteKey ?? key);
      const store = new OutcomeStore(clients.commands, keys, this.#options.rememberMs, (error) =>
        health.refused(error),
      );
      const queue = new LoginQueue(this.#packages, clients.commands, keys, this.#options, onError);
      const client = clients.feed;
      const channel = new OutcomeChannel({ client, keys, store, replica, health, logger });
      health.whenUpAgain(() => void channel.catchUp());
      const heartbeat = new Heartbeat(() => this.#onHeartbeat(keys.alive, channel, replica));
      const worker = replica.handlesLogins
        ? new LoginWorker({
            packages: this.#packages,
            client: clients.jobs,
            keys,
            options: this.#options,
            concurrency: this.#site.concurrency,
            store,
            replica,
            onError,
            logger,
          })
        : undefined;
      this.#connected = { clients, store, queue, worker, heartbeat };
      this.#watch(clients.commands);
      heartbeat.start();
    } catch (error) {
      clients.close();
      throw error;
    }
  }

  whenUp(waitMs: number): Promise<void> {
    return this.#health.whenUp(waitMs);
  }

  submit(outcome: LoginOutcome): Promise<void> {
    return this.#use(({ queue }) => queue.add(outcome));
  }

  remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void> {
    return this.#use(({ store }) => store.remember(kind, id, expiresAt));
  }

  knows(kind: LimeStoreKind, id: string): Promise<boolean> {
    return this.#use(({ store }) => store.knows(kind, id));
  }

  claim(key: string, expiresAt: Date): Promise<boolean> {
    return this.#use(({ store }) => store.claim(key, expiresAt));
  }

  outcomeOf(requestId: string): Promise<LoginOutcome | undefined> {
    return this.#use(async ({ store }) => (await store.outcomesOf([requestId]))[0]);
  }

  async drain(deadline: AbortSignal): Promise<void> {
    await this.#connected?.worker?.drain(deadline);
  }

  async close(): Promise<void> {
    this.#health.closed();
    const { clients, queue, heartbeat } = this.#connected ?? {};
    heartbeat?.stop();
    await queue?.close();
    clients?.close();
  }

  #use<Result>(command: (connected: Connected) => Promise<Result>): Promise<Result> {
    const connected = this.#connected;
    return this.#health.run(() =>
      connected ? command(connected) : Promise.reject(new Error('not started')),
    );
  }

  /** Writes a key, because a Redis that is full or has become read-only still answers reads. */
  async #onHeartbeat(
    aliveKey: string,
    channel: OutcomeChannel,
    { handlesLogins }: LimeClusterReplica,
  ): Promise<void> {
    const connected = this.#connected;
    if (!connected) return;
    const { clients, queue } = connected;
    if (clients.commands.status !== 'ready') return; // the connection reports its own faults
    try {
      await this.#health.probe(() => clients.commands.set(aliveKey, '1', 'PX', ALIVE_MS));
      await channel.poll();
      if (handlesLogins) await this.#expireOverdue(connected);
      if (this.#heartbeats++ % CLEAN_EVERY === 0) {
        await this.#health.run(() => queue.removeOldFailures());
      }
    } catch {
      // The health has logged it; the next heartbeat retries.
    }
  }

  /** Every replica may add the same expiry at this moment: it makes one job. */
  async #expireOverdue({ store, queue }: Connected): Promise<void> {
    const { now, requestIds } = await this.#health.run(() => store.overdue(EXPIRY_GRACE_MS));
    const expired = { type: 'expired', origin: 'local', receivedAt: now } as const;
    await Promise.all(
      requestIds.map((requestId) => this.#health.run(() => queue.add({ ...expired, requestId }))),
    );
  }

  #watch(commands: RedisClient): void {
    const health = this.#health;
    commands.on('ready', () => health.up());
    commands.once('ready', () => void warnOfEviction(commands, this.#site.logger));
    commands.on('error', (error: Error) => health.down(error));
    commands.on('close', () => health.down(new Error('the connection was closed')));
  }

  /** Connections reconnect; the health logs their state. What Redis refuses for good is reported. */
  #errorListener(): (error: Error) => void {
    let last: string | undefined;
    return (error) => {
      if (isRefusal(error)) return this.#health.refused(error);
      if (error.message !== last) {
        this.#site.logger.debug(`A connection to Redis failed: ${error.message}`);
      }
      last = error.message;
    };
  }
}

/** With another policy than `noeviction` a full Redis throws logins away; it has to refuse new ones, which are held until it has room. */
async function warnOfEviction(client: RedisClient, logger: LimeLogger): Promise<void> {
  const report = await client.info('memory').catch(() => '');
  const policy = /^maxmemory_policy:(\S+)/m.exec(report)?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  logger.warn(
    `Redis evicts logins when its memory is full (maxmemory-policy ${policy}): set it to noeviction`,
  );
}

/** Calls the same work once a second. */
class Heartbeat {
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param work must not reject. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  start(): void {
    // Jitter, so that replicas that were started together do not call Redis together.
    this.#schedule(HEARTBEAT_MS * Math.random());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#work().finally(() => this.#schedule(HEARTBEAT_MS));
    }, ms);
  }
}
