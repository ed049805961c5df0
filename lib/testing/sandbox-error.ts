/** Optional parts of a {@link SandboxError}. */
export interface SandboxErrorOptions {
  /** The HTTP status of the answer. */
  httpStatus?: number;
  /** The `error.detail` of the envelope. */
  detail?: Record<string, unknown>;
  /** Further headers of the answer, for example `retry-after`. */
  headers?: Record<string, string>;
  cause?: unknown;
}

/**
 * A refusal of the sandbox. `code` is that of the envelope's `error` object (`SITE_LOGIN_CONFLICT`, …), or starts with
 * `SANDBOX_` for an error in the use of the sandbox itself.
 */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly code: string;
  declare readonly httpStatus?: number;
  declare readonly detail?: Record<string, unknown>;
  /** @internal */
  readonly headers: Record<string, string>;

  constructor(code: string, message: string, options: SandboxErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.httpStatus !== undefined) this.httpStatus = options.httpStatus;
    if (options.detail !== undefined) this.detail = options.detail;
    this.headers = options.headers ?? {};
  }
}
