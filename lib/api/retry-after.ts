/**
 * Milliseconds to wait according to a `Retry-After` header, given in seconds or as an HTTP date
 * (RFC 9110 section 10.2.3); `undefined` when there is none or it is neither.
 */
export function parseRetryAfter(
  header: string | string[] | undefined,
  now: number,
): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // An HTTP date names its day and month; a lone number such as 1.5 is a date to V8, in 2001.
  const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
