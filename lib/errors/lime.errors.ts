import { redact } from './redact.js';

/** Optional parts of a {@link LimeError}. */
export interface LimeErrorOptions {
  /** HTTP status of the answer that caused the error. */
  httpStatus?: number | undefined;
  /** LIME's own `error.detail`, or the expected and the actual value. */
  detail?: Record<string, unknown> | undefined;
  /** The error underneath, for logs. It never holds a site token or a whole passport. */
  cause?: unknown;
}

/**
 * Base class of every error of this package. Switch on `code`, which is stable; the message is for people and may change.
 * Message and detail never show a whole passport.
 */
export class LimeError extends Error {
  /** Stable, machine-readable reason, for example `STREAM_UNAVAILABLE`. */
  readonly code: string;
  declare readonly httpStatus?: number;
  declare readonly detail?: Record<string, unknown>;

  constructor(code: string, message: string, options: LimeErrorOptions = {}) {
    super(redact(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    if (options.httpStatus !== undefined) this.httpStatus = options.httpStatus;
    if (options.detail !== undefined) this.detail = redact(options.detail);
  }

  /** The parts that are fit for a log or an answer: no stack, no cause. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      ...(this.httpStatus !== undefined && { httpStatus: this.httpStatus }),
      ...(this.detail !== undefined && { detail: this.detail }),
    };
  }
}

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

/** Which rule a passport, or an MCP access token, broke. */
export type PassportErrorCode =
  | 'PASSPORT_MALFORMED'
  | 'PASSPORT_ALGORITHM'
  | 'PASSPORT_KEY_UNKNOWN'
  | 'PASSPORT_SIGNATURE'
  | 'PASSPORT_AUDIENCE'
  | 'PASSPORT_ISSUER'
  | 'PASSPORT_CLAIM'
  | 'PASSPORT_LIFETIME'
  | 'PASSPORT_NOT_YET_VALID'
  | 'PASSPORT_EXPIRED'
  | 'PASSPORT_REQUEST_MISMATCH'
  | 'PASSPORT_DOMAIN'
  | 'PASSPORT_REPLAYED';

/** Optional parts of an {@link InvalidPassportError}. */
export interface InvalidPassportErrorOptions {
  /** The value that the rule requires, unless it is a secret. */
  expected?: unknown;
  /** The value in the passport, unless it is a secret. */
  actual?: unknown;
  cause?: unknown;
}

/** A passport, or an MCP access token, that must not be trusted. `code` names the rule that it broke; `expected` and `actual` show how. */
export class InvalidPassportError extends LimeError {
  declare readonly code: PassportErrorCode;
  declare readonly expected?: unknown;
  declare readonly actual?: unknown;

  constructor(
    code: PassportErrorCode,
    message: string,
    { expected, actual, cause }: InvalidPassportErrorOptions = {},
  ) {
    const detail = {
      ...(expected !== undefined && { expected }),
      ...(actual !== undefined && { actual }),
    };
    super(code, message, { cause, detail: Object.keys(detail).length > 0 ? detail : undefined });
    if (expected !== undefined) this.expected = this.detail?.['expected'];
    if (actual !== undefined) this.actual = this.detail?.['actual'];
  }
}

/** A passport whose lifetime is over (`exp`, RFC 7519 section 4.1.4). */
export class RequestExpiredError extends InvalidPassportError {
  constructor(message: string, options: InvalidPassportErrorOptions = {}) {
    super('PASSPORT_EXPIRED', message, options);
  }
}
