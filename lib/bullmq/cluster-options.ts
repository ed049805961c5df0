import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { checkOptions, isObject, optional, shorten, wholeNumber } from '../common/check-options.js';
import { LimeError, redact } from '../errors/index.js';

/** Options of {@link bullMqCluster}. One of `url` and `connection` is required. */
export interface BullMqClusterOptions {
  /** `redis://…` or `rediss://…`. */
  url?: string | undefined;
  /**
   * Options of ioredis, or a client of it (`Redis`, `Cluster`), without `keyPrefix`. A client is not used, closed or changed:
   * each replica opens four connections of its own with the same options.
   */
  connection?: RedisOptions | Redis | Cluster | undefined;
  /**
   * First part of every key in Redis.
   * @default 'lime-sites'
   */
  prefix?: string | undefined;
  /**
   * Keeps this site apart from others on the same Redis. Set it if replicas with different tokens have to be one site, as
   * while the token changes.
   * @default a digest of the site's name, base URL and token
   */
  siteKey?: string | undefined;
  /**
   * How often the cluster tries to handle a login.
   * @default 8
   */
  attempts?: number | undefined;
  /**
   * Delay before the second attempt, in milliseconds; doubled before each further one, with jitter.
   * @default 1_000
   */
  backoffMs?: number | undefined;
  /**
   * Milliseconds without a sign of life after which the other replicas take over the logins of a replica.
   * @default 10_000
   */
  takeoverMs?: number | undefined;
  /**
   * How long the cluster remembers an outcome to recognise late duplicates, in milliseconds.
   * @default 3_600_000
   */
  rememberMs?: number | undefined;
  /**
   * How long a login whose attempts all failed is kept for inspection, in milliseconds.
   * @default 604_800_000 (seven days)
   */
  keepFailedMs?: number | undefined;
  /**
   * Timeout of a Redis command, in milliseconds. After it the cluster counts as down.
   * @default 2_000
   */
  commandTimeoutMs?: number | undefined;
}

const HOUR_MS = 3_600_000;
const MAX_MS = 2 ** 31 - 1;

const nonEmptyString = optional<string>(
  (given) => typeof given === 'string' && given.trim() !== '',
  'must be a string that is not empty',
);
/** Both end up in the hash tag that keeps the keys of a site on one node of a Redis Cluster. */
const partOfKeys = optional<string>(
  (given) => typeof given === 'string' && given.trim() !== '' && !/[{}]/.test(given),
  'must be a string that is not empty and has no braces',
);

const RULES = {
  url: nonEmptyString,
  connection: optional<RedisOptions | Redis | Cluster>(
    isObject,
    'must be options of ioredis, or a client of it',
  ),
  prefix: partOfKeys,
  siteKey: partOfKeys,
  attempts: wholeNumber(8, 1, 1_000),
  backoffMs: wholeNumber(1_000, 1, HOUR_MS),
  takeoverMs: wholeNumber(10_000, 1_000, HOUR_MS),
  rememberMs: wholeNumber(HOUR_MS, 60_000, MAX_MS),
  keepFailedMs: wholeNumber(7 * 24 * HOUR_MS, 0, MAX_MS),
  commandTimeoutMs: wholeNumber(2_000, 10, 60_000),
} satisfies Record<keyof BullMqClusterOptions, unknown>;

/** Options without a default. */
type WithoutDefault = 'url' | 'connection' | 'siteKey';

/** The options with every default filled in and every value checked. */
export type ResolvedClusterOptions = Pick<BullMqClusterOptions, WithoutDefault> & {
  [Name in Exclude<keyof BullMqClusterOptions, WithoutDefault>]: NonNullable<
    BullMqClusterOptions[Name]
  >;
};

/** @throws {LimeError} `INVALID_OPTIONS`, which names every wrong option and does not show the URL: it may hold a password. */
export function resolveClusterOptions(options: BullMqClusterOptions): ResolvedClusterOptions {
  const { values, faults } = checkOptions(options, RULES);
  const { url, connection, prefix = 'lime-sites' } = values;
  if ((url === undefined) === (connection === undefined)) {
    faults.push("give either url ('redis://…') or connection (ioredis options, or a client)");
  } else if (typeof url === 'string' && !/^rediss?:\/\//.test(url)) {
    faults.push('url must begin with redis:// or rediss://');
  }
  if (isObject(connection) && 'url' in connection) {
    faults.push('connection must not have a url, which ioredis does not read; give url instead');
  }
  if (hasKeyPrefix(connection) || /[?&]keyPrefix=/.test(String(url))) {
    faults.push(
      `${url === undefined ? 'connection' : 'url'} must not have a keyPrefix, which BullMQ does not support; use prefix`,
    );
  }
  if (faults.length === 0) return { ...values, prefix };
  const shown = redact(faults, typeof url === 'string' && url !== '' ? [url] : []).map(shorten);
  const message = `bullMqCluster: ${shown.join('; ')}`;
  throw new LimeError('INVALID_OPTIONS', message, { detail: { faults: shown } });
}

/** Looks into the options of ioredis, and into those of a client. */
function hasKeyPrefix(connection: unknown): boolean {
  if (!isObject(connection)) return false;
  const { keyPrefix, options, redisOptions } = connection as Record<string, unknown>;
  const isSet = keyPrefix !== undefined && keyPrefix !== null && keyPrefix !== '';
  return isSet || hasKeyPrefix(options) || hasKeyPrefix(redisOptions);
}
