import type { ExecutionContext } from '@nestjs/common';
import {
  checkOptions,
  hostnameIn,
  optional,
  type OptionRule,
  shorten,
  show,
} from '../common/check-options.js';
import { redact } from '../errors/index.js';
import type { LimeSitesModuleOptions } from '../interfaces/lime-sites-module-options.interface.js';
import type { McpTokenClaims } from '../interfaces/passport-claims.interface.js';
import { isLoopback } from '../lime-sites.env.js';
import {
  checkedBelow,
  invalidOptions,
  readPlatform,
  VERIFIER_RULES,
} from '../lime-sites.options.js';

/** Where clients look for the metadata of a protected resource (RFC 9728 section 3). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource';

/** Options of `LimeMcpModule.forRoot()`. Those of `LimeSitesModule` have the same meaning and defaults here. */
export interface LimeMcpModuleOptions extends Pick<
  LimeSitesModuleOptions,
  keyof typeof VERIFIER_RULES
> {
  /** The host of this MCP server, in lower case and without a port, such as `mcp.example.com`. LIME pins each token to one. */
  domain: string;
  /**
   * The URL under which clients know this MCP server, such as `https://mcp.example.com/mcp`; at most four segments of path.
   * @default `https://` and the domain
   */
  resource?: string | undefined;
  /**
   * Makes `request.user` of the agent, where role guards look. A promise is awaited; an error is the answer to the request.
   * @default none, `request.user` stays as it is
   */
  toUser?: ((agent: McpTokenClaims, context: ExecutionContext) => unknown) | undefined;
}

const RULES = {
  ...VERIFIER_RULES,
  domain: checkedBelow,
  resource: checkedBelow,
  toUser: optional<LimeMcpModuleOptions['toUser']>(
    (given) => typeof given === 'function',
    'must be a function that makes a user of an agent',
  ),
} satisfies Record<keyof LimeMcpModuleOptions, OptionRule<unknown>>;

/** The options with every default filled in and every value checked. */
export type ResolvedMcpOptions = ReturnType<typeof resolveMcpOptions>;

/** @throws {LimeError} `INVALID_OPTIONS`, which names every wrong option at once. */
export function resolveMcpOptions(options: LimeMcpModuleOptions, env: NodeJS.ProcessEnv) {
  const { values, faults } = checkOptions(options, RULES);
  const platform = readPlatform(values, env, faults);
  const domain = readDomain(values.domain, faults);
  const { origin, pathname } = readResource(values.resource, domain, faults);
  if (domain === undefined || faults.length > 0)
    throw invalidOptions('LimeMcpModule', redact(faults).map(shorten));
  const path = pathname.replace(/\/$/, '');
  const challenge = { resource_metadata: origin + METADATA_PATH + path, ...values.challenge };
  return { ...values, ...platform, domain, path, resource: origin + path, challenge };
}

/** LIME writes hosts in one way only: another spelling would refuse every token. */
function readDomain(given: unknown, faults: string[]): string | undefined {
  const host = typeof given === 'string' ? hostnameIn(given) : undefined;
  if (host !== undefined && host === given) return host;
  const fix = host === undefined ? '' : `; write ${show(host)}`;
  faults.push(
    `domain must be a host in lower case, without scheme, port and path, got ${show(given)}${fix}`,
  );
  return undefined;
}

/** @param domain `undefined` if it is wrong itself. */
function readResource(given: unknown, domain: string | undefined, faults: string[]): URL {
  const byDefault = `https://${domain ?? 'localhost'}`;
  const value = given ?? byDefault;
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!isSafe || url.href !== url.origin + url.pathname || url.pathname.split('/').length > 5) {
    const wanted =
      'an https: URL without user name, query and fragment, and with at most four segments of path';
    faults.push(`resource must be ${wanted}, got ${show(value)}`);
  } else if (domain !== undefined && url.hostname !== domain) {
    faults.push(`resource must be on ${domain}, the domain that tokens are for, got ${url.host}`);
  }
  return url ?? new URL(byDefault);
}
