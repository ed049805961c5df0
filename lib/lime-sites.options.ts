import type { HttpProxy } from './api/agent.js';
import { SiteToken } from './api/site-token.js';
import {
  checkOptions,
  hasMethod,
  isObject,
  optional,
  type OptionRule,
  type Report,
  shorten,
  show,
  trueOrFalse,
  wholeNumber,
} from './common/check-options.js';
import { AuthenticationError, LimeError, redact } from './errors/index.js';
import type { LimeSitesModuleOptions } from './interfaces/lime-sites-module-options.interface.js';
import {
  LIME_API_BASE,
  LIME_SITE_TOKEN,
  readBaseUrl,
  readProxy,
  readSiteToken,
  WHERE_TOKENS_ARE,
} from './lime-sites.env.js';
import { issuerOf } from './passport/passport-rules.js';

/** Node's timers take a signed 32-bit number of milliseconds. */
const MAX_MS = 2 ** 31 - 1;

/** Checked below, because they need each other or the environment. */
export const checkedBelow: OptionRule<unknown> = (given) => given;

const STORE_METHODS = ['remember', 'knows', 'claim'];

/** A token (RFC 9110 section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** A quoted-string could carry Latin-1 too, but Node then chooses the encoding of the header by the body. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** RFC 6750 section 3 allows each of them once, and the guards write what is true of the refusal. */
const OWN_PARAMETERS = new Set(['error', 'error_description', 'error_uri']);

const challenge: OptionRule<Readonly<Record<string, string>>> = (given, report) => {
  if (given === undefined) return {};
  if (!isObject(given) || Array.isArray(given)) {
    report(`must be an object of names and texts, got ${show(given)}`);
    return {};
  }
  const names = new Set<string>();
  const entries = Object.entries(given).filter((entry): entry is [string, string] => {
    const [name, value]: [string, unknown] = entry;
    const key = name.toLowerCase();
    if (!TOKEN.test(name)) report(`has ${show(name)}, which is not a token (RFC 9110)`);
    if (OWN_PARAMETERS.has(key)) report(`must not have ${name}, which the guards set`);
    if (names.has(key)) report(`has ${name} twice; upper and lower case are the same`);
    names.add(key);
    if (typeof value === 'string' && PRINTABLE_ASCII.test(value)) return true;
    report(`needs printable ASCII as ${name}, got ${show(value)}`);
    return false;
  });
  return Object.fromEntries(entries);
};

/** The options of everything that verifies tokens. */
export const VERIFIER_RULES = {
  baseUrl: checkedBelow,
  issuer: checkedBelow,
  allowInsecureHttp: trueOrFalse(false),
  timeoutMs: wholeNumber(30_000, 1, MAX_MS),
  clockToleranceMs: wholeNumber(5_000, 0, 60_000),
  httpClient: optional<LimeSitesModuleOptions['httpClient']>(
    (given) => hasMethod(given, 'request'),
    'must be an undici Dispatcher, such as new Agent()',
  ),
  challenge,
};

const RULES = {
  siteToken: checkedBelow,
  ...VERIFIER_RULES,
  maxRetries: wholeNumber(3, 0, 100),
  sseBackoffBaseMs: wholeNumber(500, 1, MAX_MS),
  sseBackoffMaxMs: wholeNumber(8_000, 1, MAX_MS),
  streamWaitMs: wholeNumber(5_000, 0, MAX_MS),
  sseReadTimeoutMs: wholeNumber(310_000, 1, MAX_MS),
  maxFrameBytes: wholeNumber(1024 * 1024, 1024, 512 * 1024 * 1024),
  concurrency: wholeNumber(16, 1, 100_000),
  handlerTimeoutMs: wholeNumber(30_000, 1, MAX_MS),
  shutdownTimeoutMs: wholeNumber(10_000, 0, MAX_MS),
  dispatcher: trueOrFalse(true),
  eventEmitter: optional<LimeSitesModuleOptions['eventEmitter']>(
    (given) => given === false || hasMethod(given, 'emit'),
    'must be false or an object with an emit method',
  ),
  store: optional<LimeSitesModuleOptions['store']>(
    (given) => STORE_METHODS.every((method) => hasMethod(given, method)),
    `must be an object with the methods ${STORE_METHODS.join(', ')}`,
  ),
  cluster: optional<LimeSitesModuleOptions['cluster']>(
    (given) => hasMethod(given, 'join'),
    'must be what bullMqCluster() gives, or a LimeCluster of your own',
  ),
  toUser: optional<LimeSitesModuleOptions['toUser']>(
    (given) => typeof given === 'function',
    'must be a function that makes a user of a passport',
  ),
} satisfies Record<keyof LimeSitesModuleOptions, OptionRule<unknown>>;

type CheckedBelow = 'siteToken' | 'baseUrl' | 'issuer';

/** The options with every default filled in and every value checked. */
export type ResolvedOptions = {
  [Name in Exclude<keyof typeof RULES, CheckedBelow>]: ReturnType<(typeof RULES)[Name]>;
} & ResolvedPlatform & { siteToken: SiteToken };

/**
 * Fills in the defaults and checks everything.
 * @throws {AuthenticationError} `SITE_TOKEN_MISSING`
 * @throws {LimeError} `INVALID_OPTIONS`. Either names every wrong option at once.
 */
export function resolveOptions(
  options: LimeSitesModuleOptions,
  env: NodeJS.ProcessEnv,
): ResolvedOptions {
  const { values, faults } = checkOptions(options, RULES);
  const { siteToken, ...others } = values;
  const token = readSiteToken(
    siteToken ?? env[LIME_SITE_TOKEN] ?? '',
    reportTo(faults, isGiven(siteToken) ? 'siteToken' : LIME_SITE_TOKEN),
  );
  const platform = readPlatform(values, env, faults);
  const { sseBackoffMaxMs: max, sseBackoffBaseMs: base } = others;
  if (max < base)
    faults.push(`sseBackoffMaxMs (${max}) must not be below sseBackoffBaseMs (${base})`);
  if (others.store && others.cluster)
    faults.push('store and cluster exclude each other: the Redis of a cluster is its store');

  // The token may stand where something else belongs, and be shown as the value of that option.
  const shown = redact(faults, token ? [token] : []).map(shorten);
  if (token === '') throw tokenMissing(shown);
  if (token === undefined || shown.length > 0) throw invalidOptions('LimeSitesModule', shown);
  return { ...others, ...platform, siteToken: new SiteToken(token) };
}

/** Where the platform is, how to reach it, and what its tokens name as their issuer. */
export interface ResolvedPlatform {
  baseUrl: string;
  /** The origins that a token may name in `iss`; `false` skips the check. */
  issuers: readonly string[] | false;
  /** From the environment; `undefined` for none, or with an `httpClient`. */
  proxy: HttpProxy | undefined;
}

/** Reads the options `baseUrl` and `issuer`, and the proxy. */
export function readPlatform(
  given: { baseUrl: unknown; issuer: unknown; allowInsecureHttp: boolean; httpClient: unknown },
  env: NodeJS.ProcessEnv,
  faults: string[],
): ResolvedPlatform {
  const reportOn = (name: string) => reportTo(faults, name);
  const baseUrl = readBaseUrl(
    given.baseUrl ?? env[LIME_API_BASE],
    given.allowInsecureHttp,
    reportOn(isGiven(given.baseUrl) ? 'baseUrl' : LIME_API_BASE),
  );
  const issuers = readIssuers(given.issuer, baseUrl, reportOn('issuer'));
  const needsProxy = given.httpClient === undefined && baseUrl.startsWith('https:');
  return { baseUrl, issuers, proxy: needsProxy ? readProxy(env, reportOn) : undefined };
}

/** Collects what is wrong with one option. */
export function reportTo(faults: string[], name: string): Report {
  return (predicate) => faults.push(`${name} ${predicate}`);
}

/**
 * Reads the option `issuer`.
 * @param baseUrl its origin is the default.
 */
function readIssuers(value: unknown, baseUrl: string, report: Report): readonly string[] | false {
  if (!isGiven(value)) return [new URL(baseUrl).origin];
  if (value === false) return false;
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0) report('must not be an empty list; false accepts passports without one');
  return given.flatMap((entry) => {
    const issuer = issuerOf(entry);
    if (issuer !== undefined) return issuer;
    report(
      `must be an origin such as https://lime.pics, a list of them, or false, got ${show(entry)}`,
    );
    return [];
  });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The error that names every wrong option of a module. */
export function invalidOptions(module: string, faults: string[]): LimeError {
  const message = `${module}: ${faults.join('; ')}`;
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
