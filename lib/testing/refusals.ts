import { SandboxError, type SandboxErrorOptions } from './sandbox-error.js';

/**
 * The refusals of the protocol: HTTP status and message. The three codes of bindings are made up, because LIME's own are
 * not public: `BINDING_CODE_INVALID` answers a used, expired or foreign code; the connect page answers the other two.
 */
const REFUSALS = {
  SITE_TOKEN_MISSING: [401, 'The X-Site-Token header is missing.'],
  SITE_TOKEN_INVALID: [401, 'This site token is not known.'],
  SITE_SUSPENDED: [403, 'This site is suspended.'],
  SITE_TOKEN_AUTH_UNAVAILABLE: [503, 'The site token cannot be checked at the moment.'],
  RATE_LIMIT_EXCEEDED: [429, 'Too many create calls for this site.'],
  VALIDATION_ERROR: [400, 'A field of the request is invalid.'],
  INVALID_JSON: [400, 'The body is not JSON.'],
  SITE_LOGIN_REQUEST_NOT_FOUND: [404, 'This login request is not known.'],
  SITE_LOGIN_CONFLICT: [409, 'This login request is no longer pending.'],
  BINDING_NOT_FOUND: [404, 'This binding request is not known.'],
  BINDING_CLOSED: [410, 'This binding request is no longer pending.'],
  BINDING_CODE_INVALID: [400, 'This binding code is unknown, used or expired.'],
  MISSING_AGENT_TOKEN: [401, 'The X-Agent-Token header is missing.'],
  INVALID_AGENT_TOKEN: [401, 'This agent token is not known.'],
  AGENT_INACTIVE: [403, 'This agent is not active.'],
  AGENT_USER_SUSPENDED: [403, 'The user of this agent is suspended.'],
  AUTH_UNAVAILABLE: [503, 'The agent token cannot be checked at the moment.'],
  MISSING_POW_NONCE: [400, 'pow_nonce is missing.'],
  INVALID_POW: [400, 'pow_nonce does not solve the challenge.'],
  OAUTH_CAPABILITY_DENIED: [403, 'This agent may not get access tokens.'],
  OAUTH_TOKEN_ISSUANCE_FAILED: [503, 'The access token cannot be issued at the moment.'],
} as const satisfies Record<string, readonly [number, string]>;

/** The code of a refused call. */
export type SandboxRefusal = keyof typeof REFUSALS;

/** Makes the error of a refusal. `message` replaces that of the table. */
export function refusal(
  code: SandboxRefusal,
  message?: string,
  options: Omit<SandboxErrorOptions, 'httpStatus'> = {},
): SandboxError {
  const [httpStatus, text] = REFUSALS[code];
  return new SandboxError(code, message ?? text, { ...options, httpStatus });
}
