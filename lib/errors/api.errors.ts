import { LimeError, type LimeErrorOptions } from './lime.error.js';

/** LIME answered with an error object. `code` is LIME's own, for example `VALIDATION_ERROR`. */
export class ApiError extends LimeError {}

/**
 * LIME could not check the site token: 503 `SITE_TOKEN_AUTH_UNAVAILABLE` (LIME site API, since September 2026). The token is
 * not wrong: calls are retried, and the event stream reconnects as after a drop.
 */
export class SiteAuthUnavailableError extends ApiError {}

/**
 * The site token is missing, unknown or suspended: HTTP 401, or one of the codes `SITE_TOKEN_MISSING`,
 * `SITE_TOKEN_INVALID`, `SITE_SUSPENDED` (LIME site API).
 */
export class AuthenticationError extends LimeError {}

/** Too many calls: HTTP 429, or code `RATE_LIMIT_EXCEEDED`. */
export class RateLimitError extends LimeError {
  /** How long to wait, in milliseconds; absent without a `Retry-After` (RFC 9110 section 10.2.3). */
  declare readonly retryAfterMs?: number;

  constructor(
    code: string,
    message: string,
    options: LimeErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(code, message, options);
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}
