import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { LimeError } from '../errors/index.js';

/** What {@link bullMqCluster} takes; times are in milliseconds. One of `url` and `connection` says where Redis is. */
export interface BullMqClusterOptions {
  /** `redis://…` or `rediss://…`. */
  url?: string | undefined;
  /**
   * Options of ioredis, or a client of it (`Redis`, `Cluster`). A client is never used itself, closed or changed: each
   * replica opens connections of its own like it, four in all.
   */
  connection?: RedisOptions | Redis | Cluster | undefined;
  /** What every key in Redis begins with. Default `lime-sites`. */
  prefix?: string | undefined;
  /**
   * What tells this site from others on the same Redis. Default: a digest of its name, address and site token. Set it if
   * replicas with different tokens have to be one site, as during a change of the token.
   */
  siteKey?: string | undefined;
  /** How often a login is tried before it is given up. Default 8. */
  attempts?: number | undefined;
  /** Pause before the second try; doubled before each further one, and jittered. Default 1 000. */
  backoffMs?: number | undefined;
  /** After so long without a sign of life a replica is taken for dead, and its logins are taken over. Default 10 000. */
  takeoverMs?: number | undefined;
  /** How long a settled login is remembered, so that a late repeat is known as one. Default one hour. */
  rememberMs?: number | undefined;
  /** How long a login that was given up is kept for you to look at. Default seven days. */
  keepFailedMs?: number | undefined;
  /** How long Redis may take to answer before it counts as away. Default 2 000. */
  commandTimeoutMs?: number | undefined;
}

const HOUR_MS = 3_600_000;
const MAX_MS = 2 ** 31 - 1;

const NUMBERS = {
  attempts: { byDefault: 8, min: 1, max: 1_000 },
  backoffMs: { byDefault: 1_000, min: 1, max: HOUR_MS },
  takeoverMs: { byDefault: 10_000, min: 1_000, max: HOUR_MS },
  rememberMs: { byDefault: HOUR_MS, min: 60_000, max: MAX_MS },
  keepFailedMs: { byDefault: 7 * 24 * HOUR_MS, min: 0, max: MAX_MS },
  commandTimeoutMs: { byDefault: 2_000, min: 10, max: 60_000 },
} as const;
const TEXTS = ['url', 'prefix', 'siteKey'] as const;

type NumberOption = keyof typeof NUMBERS;

/** The options with every default filled in and every value checked. */
export type ResolvedClusterOptions = Record<NumberOption, number> &
  Pick<BullMqClusterOptions, 'url' | 'connection' | 'siteKey'> & { prefix: string };

/** @throws {LimeError} `INVALID_OPTIONS`, naming every option that is wrong. Never shows where Redis is: that may hold a password. */
export function resolveClusterOptions(options: BullMqClusterOptions): ResolvedClusterOptions {
  const given = options as Record<string, unknown>;
  const faults: string[] = [];
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, { byDefault, min, max }]) => {
      const value = given[name] ?? byDefault;
      const fits = Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
      if (!fits) faults.push(`${name} must be a whole number from ${min} to ${max}`);
      return [name, Number(value)];
    }),
  ) as Record<NumberOption, number>;
  for (const name of TEXTS) {
    const value = given[name];
    if (value === undefined || (typeof value === 'string' && value.trim() !== '')) continue;
    faults.push(`${name} must be a text that is not empty`);
  }
  // Both end up in the hash tag that keeps the keys of a site on one node of a Redis Cluster.
  for (const name of ['prefix', 'siteKey'] as const) {
    if (/[{}]/.test(options[name] ?? '')) faults.push(`${name} must have no braces`);
  }
  if ((options.url === undefined) === (options.connection === undefined)) {
    faults.push("give either url ('redis://…') or connection (ioredis options, or a client)");
  } else if (options.url !== undefined && !/^rediss?:\/\//.test(options.url)) {
    faults.push('url must begin with redis:// or rediss://');
  }
  for (const name of Object.keys(given)) {
    const known = name === 'connection' || name in NUMBERS || TEXTS.some((text) => text === name);
    if (!known) faults.push(`${name} is not an option`);
  }
  if (faults.length > 0) {
    const message = `bullMqCluster: ${faults.join('; ')}`;
    throw new LimeError('INVALID_OPTIONS', message, { detail: { faults } });
  }
  const { url, connection, siteKey, prefix = 'lime-sites' } = options;
  return { ...numbers, url, connection, siteKey, prefix };
}
