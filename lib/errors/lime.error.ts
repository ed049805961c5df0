import { redact } from './redact.js';

/** What every {@link LimeError} may carry beside its code and message. */
export interface LimeErrorOptions {
  /** HTTP status of the answer that caused the error, when there was an answer. */
  httpStatus?: number | undefined;
  /** Structured detail: LIME's own `error.detail`, or what was expected and what came. */
  detail?: Record<string, unknown> | undefined;
  /** The error underneath, for logs. It never holds a site token or a whole passport. */
  cause?: unknown;
}

/**
 * Base class of every error this package throws.
 *
 * `code` is stable and meant to be switched on; the message is meant for people and may change.
 * Whole passports are cut out of message and detail, whatever their source.
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
