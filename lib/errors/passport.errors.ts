import { LimeError } from './lime.error.js';

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
