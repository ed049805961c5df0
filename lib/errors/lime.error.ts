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
