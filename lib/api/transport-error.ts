import { copyError, LimeError, readThrown, type ThrownValue } from '../errors/index.js';

/** Why no answer came. `TLS_REFUSED` does not heal by itself; `NETWORK_ERROR` may. */
export type TransportErrorCode = 'NETWORK_ERROR' | 'TLS_REFUSED';

/** Codes of OpenSSL and Node for a certificate that is not trusted, out of date, or for another host. */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH)/;

/**
 * Turns what the HTTP client threw into an error whose message names the call and the reason.
 * @param secrets what to cut out beside passports.
 */
export function transportError(
  call: string,
  error: unknown,
  secrets: readonly string[] = [],
): LimeError {
  const root = rootOf(error);
  const reason: ThrownValue = readThrown(root, secrets);
  const code: TransportErrorCode = TLS_CODE.test(reason.code) ? 'TLS_REFUSED' : 'NETWORK_ERROR';
  const text = reason.message.includes(reason.code)
    ? reason.message
    : `${reason.code} ${reason.message}`.trim();
  return new LimeError(code, `${call} failed: ${text}`, { cause: copyError(root, secrets) });
}

/** A refused dual-stack connect is an `AggregateError` without a message of its own: its first error says more. */
function rootOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const errors: unknown = Reflect.get(error, 'errors');
  return Array.isArray(errors) && errors.length > 0 ? rootOf(errors[0]) : error;
}
