import { AuthenticationError, LimeError, redact } from './errors/index.js';
import { SiteToken } from './api/site-token.js';
import { readBaseUrl } from './options/base-url-rule.js';
import { LIME_API_BASE, LIME_SITE_TOKEN } from './options/environment.js';
import { readIssuers } from './options/issuer-rule.js';
import type { LimeSitesModuleOptions } from './interfaces/lime-sites-module-options.interface.js';
import { cut, show } from './options/fault-text.js';
import { readSiteToken, WHERE_TOKENS_ARE } from './options/site-token-rule.js';

/** Node's timers take a signed 32-bit number of milliseconds. */
const MAX_MS = 2 ** 31 - 1;

interface NumberRule {
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
}

const NUMBERS = {
  timeoutMs: { byDefault: 30_000, min: 1, max: MAX_MS },
  maxRetries: { byDefault: 3, min: 0, max: 100 },
  sseBackoffBaseMs: { byDefault: 500, min: 1, max: MAX_MS },
  sseBackoffMaxMs: { byDefault: 8_000, min: 1, max: MAX_MS },
  clockToleranceMs: { byDefault: 5_000, min: 0, max: 60_000 },
  streamWaitMs: { byDefault: 5_000, min: 0, max: MAX_MS },
  sseReadTimeoutMs: { byDefault: 310_000, min: 1, max: MAX_MS },
  maxFrameBytes: { byDefault: 1024 * 1024, min: 1024, max: 512 * 1024 * 1024 },
  concurrency: { byDefault: 16, min: 1, max: 100_000 },
  handlerTimeoutMs: { byDefault: 30_000, min: 1, max: MAX_MS },
  shutdownTimeoutMs: { byDefault: 10_000, min: 0, max: MAX_MS },
} satisfies Record<string, NumberRule>;

const FLAGS = { allowInsecureHttp: false, dispatcher: true } as const;
const OTHERS = ['siteToken', 'baseUrl', 'issuer', 'httpClient', 'eventEmitter', 'cluster'] as const;

type NumberOption = keyof typeof NUMBERS;
type FlagOption = keyof typeof FLAGS;
/** Takes note of one thing that is wrong. */
type Fault = (text: string) => void;

/** The options with every default filled in and every value checked. */
export type ResolvedOptions = Record<NumberOption, number> &
  Record<FlagOption, boolean> &
  Pick<LimeSitesModuleOptions, 'httpClient' | 'eventEmitter' | 'cluster'> & {
    siteToken: SiteToken;
    baseUrl: string;
    /** The origins that a passport may name; `false` to look at none. */
    issuers: readonly string[] | false;
  };

/**
 * Fills in the defaults and checks everything.
 * @throws {AuthenticationError} `SITE_TOKEN_MISSING`
 * @throws {LimeError} `INVALID_OPTIONS`. Either names every option that is wrong.
 */
export function resolveOptions(
  options: LimeSitesModuleOptions,
  env: NodeJS.ProcessEnv,
): ResolvedOptions {
  const given = options as Record<string, unknown>;
  const faults: string[] = [];
  const fault: Fault = (text) => faults.push(text);

  const givenToken = optionOr(LIME_SITE_TOKEN, env, 'siteToken', options.siteToken);
  const token = readSiteToken(givenToken.value ?? '', (predicate) =>
    fault(`${givenToken.name} ${predicate}`),
  );
  const numbers = resolveEach(NUMBERS, (name, rule) =>
    resolveNumber(name, given[name], rule, fault),
  );
  if (numbers.sseBackoffMaxMs < numbers.sseBackoffBaseMs) {
    const { sseBackoffMaxMs: max, sseBackoffBaseMs: base } = numbers;
    fault(`sseBackoffMaxMs (${max}) must not be below sseBackoffBaseMs (${base})`);
  }
  const flags = resolveEach(FLAGS, (name, byDefault) => {
    const value = given[name] ?? byDefault;
    if (typeof value === 'boolean') return value;
    fault(`${name} must be true or false, got ${show(value)}`);
    return byDefault;
  });
  const address = optionOr(LIME_API_BASE, env, 'baseUrl', options.baseUrl);
  const baseUrl = readBaseUrl(address.value, flags.allowInsecureHttp, (predicate) =>
    fault(`${address.name} ${predicate}`),
  );
  const issuers = readIssuers(options.issuer, baseUrl, (predicate) => fault(`issuer ${predicate}`));
  const { httpClient, eventEmitter, cluster } = options;
  if (httpClient !== undefined && !hasMethod(httpClient, 'request')) {
    fault('httpClient must be an undici Dispatcher, such as new Agent()');
  }
  if (eventEmitter !== undefined && eventEmitter !== false && !hasMethod(eventEmitter, 'emit')) {
    fault('eventEmitter must be false or an object with an emit method');
  }
  if (cluster !== undefined && !hasMethod(cluster, 'join')) {
    fault('cluster must be what bullMqCluster() gives, or a LimeCluster of your own');
  }
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !isKnown(name)) fault(`${name} is not an option`);
  }

  // The token may have been put where something else belongs, and be shown as what came there.
  const shown = redact(faults, token ? [token] : []).map(cut);
  if (token === '') throw tokenMissing(shown);
  if (token === undefined || shown.length > 0) throw invalidOptions(shown);
  return {
    ...numbers,
    ...flags,
    httpClient,
    eventEmitter,
    cluster,
    baseUrl,
    issuers,
    siteToken: new SiteToken(token),
  };
}

/** The option, or the variable that stands in for it, with the name of the one that counts. */
function optionOr(
  variable: string,
  env: NodeJS.ProcessEnv,
  name: string,
  value: unknown,
): { name: string; value: unknown } {
  return value === undefined || value === null
    ? { name: variable, value: env[variable] }
    : { name, value };
}

function resolveNumber(
  name: NumberOption,
  given: unknown,
  { byDefault, min, max }: NumberRule,
  fault: Fault,
): number {
  const value = given ?? byDefault;
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  if (fits) return value;
  fault(`${name} must be a whole number from ${min} to ${max}, got ${show(value)}`);
  return byDefault;
}

function invalidOptions(faults: string[]): LimeError {
  const message = `LimeSitesModule: ${faults.join('; ')}`;
  return new LimeError('INVALID_OPTIONS', message, { detail: { faults } });
}

function tokenMissing(others: string[]): AuthenticationError {
  const also = others.length > 0 ? ` Also: ${others.join('; ')}` : '';
  return new AuthenticationError(
    'SITE_TOKEN_MISSING',
    `LimeSitesModule: the site token is missing. Set the environment variable ${LIME_SITE_TOKEN} or pass siteToken to ` +
      `forRoot(); ${WHERE_TOKENS_ARE}.${also}`,
  );
}

function isKnown(name: string): boolean {
  return (
    Object.hasOwn(NUMBERS, name) ||
    Object.hasOwn(FLAGS, name) ||
    OTHERS.some((other) => other === name)
  );
}

function hasMethod(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function'
  );
}

function resolveEach<Name extends string, Rule, Value>(
  rules: Record<Name, Rule>,
  resolve: (name: Name, rule: Rule) => Value,
): Record<Name, Value> {
  const names = Object.keys(rules) as Name[];
  return Object.fromEntries(names.map((name) => [name, resolve(name, rules[name])])) as Record<
    Name,
    Value
  >;
}
