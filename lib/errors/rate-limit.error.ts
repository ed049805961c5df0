import { LimeError, type LimeErrorOptions } from './lime.error.js';

/** LIME asked for fewer calls: HTTP 429, or code `RATE_LIMIT_EXCEEDED`. */
export class RateLimitError extends LimeError {
  /** How long LIME asked to wait, in milliseconds, when it said so (`Retry-After`, RFC 9110 section 10.2.3). */
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
