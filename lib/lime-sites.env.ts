import type { HttpProxy } from './api/agent.js';
import { type Report, show, shorten } from './common/check-options.js';
import { LimeError, redact } from './errors/index.js';

/**
 * The environment variables that this module reads: what differs from one deployment to the next. Everything else is a
 * decision of the application and belongs into its code.
 */
export const LIME_SITE_TOKEN = 'LIME_SITE_TOKEN';
export const LIME_API_BASE = 'LIME_API_BASE';

/** Ends the error of a missing token. */
export const WHERE_TOKENS_ARE = 'you find it in the LIME portal, and LimeSandbox has one for tests';

const DEFAULT_BASE_URL = 'https://lime.pics/api/v1';
/** Where the API of every LIME platform begins. */
const API_PATH = '/api/v1';

/** An environment that {@link limeSitesEnvSchema} accepted. */
export interface LimeSitesEnv {
  /** The site's secret (`st_…`). */
  LIME_SITE_TOKEN: string;
  /** Root of the LIME API, absolute; missing or blank for `https://lime.pics/api/v1`. */
  LIME_API_BASE?: string;
  /** All other variables, unchanged. */
  [variable: string]: unknown;
}

/** How the environment is checked. */
export interface LimeSitesEnvOptions {
  /**
   * Accepts plain `http:` in `LIME_API_BASE`, as the option of the module of the same name does.
   * @default false
   */
  allowInsecureHttp?: boolean | undefined;
}

/** One wrong variable, as Standard Schema has it. */
export interface LimeSitesEnvIssue {
  readonly message: string;
  readonly path?: readonly string[];
}

/** A Standard Schema, version 1 (https://standardschema.dev), without a dependency on its types. */
export interface LimeSitesEnvSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'nestjs-lime-sites';
    readonly validate: (
      value: unknown,
      options?: { readonly libraryOptions?: Record<string, unknown> | undefined },
    ) =>
      | { readonly value: LimeSitesEnv; readonly issues?: undefined }
      | { readonly issues: readonly LimeSitesEnvIssue[] };
    readonly types?: { readonly input: Record<string, unknown>; readonly output: LimeSitesEnv };
  };
}

/**
 * The environment variables of this module as a Standard Schema, for every library that validates with one. Names each
 * wrong variable, never shows the site token, and leaves all other variables unchanged. Reads `allowInsecureHttp` from
 * `libraryOptions`.
 *
 * @example
 * ```ts
 * ConfigModule.forRoot({ validationSchema: limeSitesEnvSchema }) // @nestjs/config 12
 * ```
 */
export const limeSitesEnvSchema: LimeSitesEnvSchema = {
  '~standard': {
    version: 1,
    vendor: 'nestjs-lime-sites',
    validate(value, options) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        return { issues: [{ message: 'must be an object of environment variables' }] };
      }
      const env = value as Record<string, unknown>;
      const allowInsecureHttp = options?.libraryOptions?.['allowInsecureHttp'] === true;
      const issues = checkEnvironment(env, { allowInsecureHttp });
      return issues.length > 0 ? { issues } : { value: { ...env } as LimeSitesEnv };
    },
  },
};

/**
 * Checks the environment as {@link limeSitesEnvSchema} does and returns it: for the option `validate` of every
 * `@nestjs/config`.
 * @throws {LimeError} `INVALID_OPTIONS`, which names each wrong variable.
 *
 * @example
 * ```ts
 * ConfigModule.forRoot({ validate: validateLimeSitesEnv })
 * ```
 */
export function validateLimeSitesEnv(
  env: Record<string, unknown>,
  options: LimeSitesEnvOptions = {},
): LimeSitesEnv {
  const faults = checkEnvironment(env, options).map(
    ({ path, message }) => `${path.join('.')} ${message}`,
  );
  if (faults.length === 0) return env as LimeSitesEnv;
  const message = `The environment variables for LIME are not valid: ${faults.join('; ')}`;
  throw new LimeError('INVALID_OPTIONS', message, { detail: { faults } });
}

function checkEnvironment(
  env: Readonly<Record<string, unknown>>,
  { allowInsecureHttp = false }: LimeSitesEnvOptions,
): Required<LimeSitesEnvIssue>[] {
  const issues: Required<LimeSitesEnvIssue>[] = [];
  const reportOn =
    (variable: string): Report =>
    (message) =>
      issues.push({ path: [variable], message });

  const token = readSiteToken(env[LIME_SITE_TOKEN] ?? '', reportOn(LIME_SITE_TOKEN));
  if (token === '') reportOn(LIME_SITE_TOKEN)(`is missing; ${WHERE_TOKENS_ARE}`);
  readBaseUrl(env[LIME_API_BASE], allowInsecureHttp, reportOn(LIME_API_BASE));
  const secrets = token ? [token] : [];
  return issues.map(({ path, message }) => ({ path, message: shorten(redact(message, secrets)) }));
}

/**
 * Reads a site token from an option or a variable: printable ASCII (RFC 9110 section 5.5) without spaces. The value itself
 * must not get into an error.
 * @returns the token, `''` for none, `undefined` after a report.
 */
export function readSiteToken(value: unknown, report: Report): string | undefined {
  const token = typeof value === 'string' ? value.trim() : undefined;
  if (token !== undefined && /^[\x21-\x7e]*$/.test(token)) return token;
  report(token === undefined ? 'must be a string' : 'must be printable ASCII without spaces');
  return undefined;
}

/**
 * Reads the root of the LIME API from an option or a variable. Blank counts as not given. An origin alone gets `/api/v1`,
 * without which LIME answers no call.
 * @returns the URL without a trailing slash; after a report, one that must not be used.
 */
export function readBaseUrl(value: unknown, allowInsecureHttp: boolean, report: Report): string {
  const isBlank = typeof value === 'string' && value.trim() === '';
  const text = isBlank ? DEFAULT_BASE_URL : (value ?? DEFAULT_BASE_URL);
  if (typeof text !== 'string' || !URL.canParse(text.trim())) {
    report(`must be an absolute URL such as ${DEFAULT_BASE_URL}, got ${showAddress(text)}`);
    return DEFAULT_BASE_URL;
  }
  const url = new URL(text.trim());
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    report(`must start with https:, got ${show(url.protocol)}`);
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    report('must have no user name, query or fragment');
  } else if (url.protocol === 'http:' && !allowInsecureHttp && !isLoopback(url.hostname)) {
    report(
      `uses plain http: to ${url.host}, where the network can read the site token; use https:, or set allowInsecureHttp on a ` +
        'private network',
    );
  }
  if (/^\/+$/.test(url.pathname)) url.pathname = API_PATH;
  return url.href.replace(/\/+$/, '');
}

/**
 * Reads `HTTPS_PROXY` and `NO_PROXY` as curl does: lower case wins, blank counts as not given, and an address without a scheme
 * is that of an HTTP proxy. The address may hold a password, so a report shows its scheme at most.
 */
export function readProxy(
  env: NodeJS.ProcessEnv,
  reportOn: (variable: string) => Report,
): HttpProxy | undefined {
  const [variable, address] = firstGiven(env, ['https_proxy', 'HTTPS_PROXY']);
  if (address === '') return undefined;
  const [, noProxy] = firstGiven(env, ['no_proxy', 'NO_PROXY']);
  const url = parseProxy(/^[a-z][a-z\d+.-]*:\/\//i.test(address) ? address : `http://${address}`);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url: url.href, noProxy };
  const got = url ? `, got one for ${url.protocol}` : '';
  reportOn(variable)(
    `must be the address of an HTTP proxy such as http://proxy.example:3128${got}; percent-encode special characters in its ` +
      'user name and password',
  );
  return undefined;
}

function firstGiven(env: NodeJS.ProcessEnv, names: readonly string[]): [string, string] {
  const name = names.find((candidate) => env[candidate]?.trim()) ?? '';
  return [name, env[name]?.trim() ?? ''];
}

/** Behind an unescaped `/`, `?` or `#` in a password the rest of the address would be taken for a path. */
function parseProxy(address: string): URL | undefined {
  try {
    const url = new URL(address.replaceAll(/%(?![\da-f]{2})/gi, '%25')); // a lone % is itself
    decodeURIComponent(url.username + url.password); // undici will
    return url.pathname.length <= 1 && url.search === '' && url.hash === '' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The two variables may be mixed up, and then the token stands in the address. */
function showAddress(value: unknown): string {
  const isToken = typeof value === 'string' && /^\s*st_/.test(value);
  return isToken ? 'what looks like a site token' : show(value);
}

/** Whether the network cannot read what is sent to this host. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
