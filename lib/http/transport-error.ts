import { LimeError } from '../errors/index.js';

/** Why no answer came. `TLS_REFUSED` will not heal by itself; `NETWORK_ERROR` may. */
export type TransportErrorCode = 'NETWORK_ERROR' | 'TLS_REFUSED';

/** Codes of OpenSSL and Node for a certificate that is not trusted, out of date, or for another host. */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH)/;

/** Wraps what the HTTP client threw, so that the message names the call and the reason. */
export function transportError(call: string, error: unknown): LimeError {
  const reason = rootOf(error);
  const code: TransportErrorCode = TLS_CODE.test(reason.code) ? 'TLS_REFUSED' : 'NETWORK_ERROR';
  const text = reason.message.includes(reason.code)
    ? reason.message
    : `${reason.code} ${reason.message}`.trim();
  return new LimeError(code, `${call} failed: ${text}`, { cause: error });
}

/**
 * A refused dual-stack connect is an `AggregateError` without a message of its own: its first error tells more.
 * Looks at the shape and not at the class, because test runners have an `Error` of their own.
 */
function rootOf(error: unknown): { code: string; message: string } {
  if (typeof error !== 'object' || error === null) return { code: '', message: String(error) };
  const { code, message, errors } = error as {
    code?: unknown;
    message?: unknown;
    errors?: unknown;
  };
  if (Array.isArray(errors) && errors.length > 0) return rootOf(errors[0]);
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : 'unknown reason',
  };
}
