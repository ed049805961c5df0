import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { ResolvedClusterOptions } from './cluster-options.js';
import type { ClusterPackages } from './cluster-packages.js';

export type RedisClient = Redis | Cluster;
/** The scripts and BullMQ read replies in their RESP2 form. */
type Overrides = RedisOptions & { replyMapping?: 'legacy' };

/** BullMQ's blocking command is answered within ten seconds; without an answer for this long the connection is dead. */
const BLOCKING_SOCKET_TIMEOUT_MS = 30_000;

/** How long `disconnect()` waits for a connection that is gone, and with it the end of the process. */
const DISCONNECT_TIMEOUT_MS = 250;
const RECONNECT_BASE_MS = 50;
const RECONNECT_MAX_MS = 1_000;

/** The connections of one replica, one for each use. BullMQ makes a fourth from `jobs`. */
export class RedisClients {
  /** For commands: fails at once while Redis is away, instead of queueing without bound. */
  readonly commands: RedisClient;
  /** For BullMQ's worker, which waits until Redis is back. */
  readonly jobs: RedisClient;
  /** For the outcomes: a connection that subscribes can do nothing else. */
  readonly feed: RedisClient;

  /** Connects. @param onError called for every error of a connection; it reconnects after each. */
  constructor(
    packages: ClusterPackages,
    options: ResolvedClusterOptions,
    onError: (error: Error) => void,
  ) {
    const open = (overrides: Overrides): RedisClient => {
      const client = openClient(packages, options, {
        lazyConnect: false,
        retryStrategy: reconnectDelay,
        disconnectTimeout: DISCONNECT_TIMEOUT_MS,
        reconnectOnError: isDemoted,
        ...overrides,
      });
      return withoutStaleTimers(client).on('error', onError);
    };
    this.commands = open({
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: null,
      commandTimeout: options.commandTimeoutMs,
      socketTimeout: options.commandTimeoutMs * 5,
    });
    this.jobs = open({
      maxRetriesPerRequest: null,
      socketTimeout: BLOCKING_SOCKET_TIMEOUT_MS,
    });
    this.feed = open({ autoResubscribe: false, maxRetriesPerRequest: null });
  }

  /** Closes the connections at once. */
  close(): void {
    for (const client of [this.commands, this.jobs, this.feed]) client.disconnect();
  }
}

/** After a failover the connection may lead to a server that is now a replica; a reconnect leads to the new primary. */
function isDemoted({ message }: Error): boolean {
  return message.startsWith('READONLY');
}

/** Retries for ever, with jitter. */
function reconnectDelay(attempt: number): number {
  const ceiling = Math.min(RECONNECT_BASE_MS * 2 ** Math.min(attempt, 10), RECONNECT_MAX_MS);
  return ceiling * (0.5 + 0.5 * Math.random());
}

function openClient(
  { ioredis }: ClusterPackages,
  { url, connection }: ResolvedClusterOptions,
  overrides: Overrides,
): RedisClient {
  if (url !== undefined) return new ioredis.Redis(url, overrides);
  if (!isClient(connection)) {
    return new ioredis.Redis({ ...(connection as Overrides | undefined), ...overrides });
  }
  if (!isCluster(connection)) return connection.duplicate(overrides);
  const { enableOfflineQueue = true, lazyConnect = false } = overrides;
  return connection.duplicate([], {
    enableOfflineQueue,
    lazyConnect,
    redisOptions: { ...(connection.options.redisOptions as Overrides), ...overrides },
  });
}

/**
 * ioredis 5 keeps the timer of `socketTimeout` when a connection closes: the timer keeps the process alive, and then destroys
 * the next connection. This also covers the client that BullMQ duplicates, and the nodes of a Redis Cluster.
 */
function withoutStaleTimers<Client extends RedisClient>(client: Client): Client {
  const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => RedisClient;
  Object.assign(client, {
    duplicate: (...args: unknown[]) => withoutStaleTimers(duplicate(...args)),
  });
  client.on('close', () => clearTimer(client));
  client.on('+node', (node: Redis) => node.on('close', () => clearTimer(node)));
  return client;
}

function clearTimer(client: RedisClient): void {
  clearTimeout(Reflect.get(client, 'socketTimeoutTimer') as NodeJS.Timeout | undefined);
  Reflect.set(client, 'socketTimeoutTimer', undefined);
}

function isClient(connection: RedisOptions | RedisClient | undefined): connection is RedisClient {
  return typeof (connection as Partial<RedisClient> | undefined)?.duplicate === 'function';
}

function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}
