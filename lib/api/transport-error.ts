import { copyError, LimeError, readThrown } from '../errors/index.js';

/** Codes of OpenSSL and Node for a certificate that is untrusted, out of date, or for another host. */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH)/;

/** Codes of zlib and Brotli for bytes that are not in their format, or that end too early. */
const DECODER_CODE = /^(Z_|ERR_?_?(BROTLI|ERROR_FORMAT))/;

/**
 * Creates the error for a call without an answer: `TLS_REFUSED`, which needs a person, or `NETWORK_ERROR`, which may heal.
 * @param thrown what the HTTP library threw.
 * @param secrets removed from the error, as whole passports are.
 */
export function transportError(
  call: string,
  thrown: unknown,
  secrets: readonly string[] = [],
): LimeError {
  const root = rootOf(thrown);
  const { code, message } = readThrown(root, secrets);
  const fault = message.includes(code) ? message : `${code} ${message}`.trim();
  const reason = DECODER_CODE.test(code) ? `its compressed body is damaged (${fault})` : fault;
  return new LimeError(
    TLS_CODE.test(code) ? 'TLS_REFUSED' : 'NETWORK_ERROR',
    `${call} failed: ${reason}`,
    { cause: copyError(root, secrets) },
  );
}

/** Node reports a refused dual-stack connect as an `AggregateError` with an empty message: the first of its errors says more. */
function rootOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const errors: unknown = Reflect.get(error, 'errors');
  return Array.isArray(errors) && errors.length > 0 ? rootOf(errors[0]) : error;
}
