/** Scheme, host and port; behind them at most a slash. A query or a fragment is overlooked, as LIME's own SDK does. */
const ORIGIN = /^(https?:\/\/[^/?#@\\\s]+)\/?(?:[?#].*)?$/i;

/**
 * The origin that an `iss` names (RFC 7519 section 4.1.1; LIME, since September 2026): in lower case, without default port and
 * surrounding blanks.
 * @returns `undefined` for what does not name one: a path, a user part, another scheme, no text.
 */
export function issuerOf(value: unknown): string | undefined {
  const origin = typeof value === 'string' ? ORIGIN.exec(value.trim())?.[1] : undefined;
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).origin : undefined;
}
