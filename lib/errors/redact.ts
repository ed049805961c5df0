/**
 * Matches a compact JWS: three base64url parts, the first of them a JSON object. Text in front may be glued to it, as an
 * escaped line end or an encoded `=` is, so the object may begin anywhere in the first part. The lookbehind tries each run
 * of characters from its start only, which keeps the search linear. The minimum lengths spare host names.
 */
const COMPACT_JWS = /(?<![\w-])(?=[\w-]*e[wy])[\w-]{16,}\.[\w-]{12,}\.[\w-]*/g;

/** Deeper levels are replaced, so that hostile input cannot exhaust the stack. */
const MAX_DEPTH = 8;

/**
 * Replaces whole passports and the given secrets in a string, or in every string of plain objects and arrays.
 * @returns a clean copy; other values as they are.
 */
export function redact<T>(value: T, secrets: readonly string[] = []): T {
  return redactValue(value, secrets, 0) as T;
}

function redactValue(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return redactString(value, secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[nested too deeply]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, secrets, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      redactString(key, secrets),
      redactValue(item, secrets, depth + 1),
    ]),
  );
}

function redactString(text: string, secrets: readonly string[]): string {
  let clean = text.replace(COMPACT_JWS, '[passport]');
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
  return clean;
}
