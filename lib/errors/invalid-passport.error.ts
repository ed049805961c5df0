import { LimeError } from './lime.error.js';

/** Which rule a passport broke. */
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
  | 'PASSPORT_REPLAYED';

/** What an {@link InvalidPassportError} may carry beside its code and message. */
export interface InvalidPassportErrorOptions {
  /** What the rule wanted, when it is no secret. */
  expected?: unknown;
  /** What the passport had, when it is no secret. */
  actual?: unknown;
  cause?: unknown;
}

/** A passport that must not be trusted. `code` says which rule it broke; `expected` and `actual` say how. */
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
