/**
 * Three base64url parts with a JSON object in the first: a compact JWS. What stands in front may be glued to it, as an
 * escaped line end or an encoded `=` is, so the object may begin anywhere in the first part. Each run of characters is
 * tried from its start only, which keeps the search linear. The lengths spare host names.
 */
const COMPACT_JWS = /(?<![\w-])(?=[\w-]*e[wy])[\w-]{16,}\.[\w-]{12,}\.[\w-]*/g;

/** How deep a structure is followed; deeper parts are replaced, so that hostile input cannot exhaust the stack. */
const MAX_DEPTH = 8;

/**
 * Replaces whole passports, and the secrets given, in a text or in every text of a structure.
 * What is neither text nor plain structure is returned as it is.
 */
export function redact<T>(value: T, secrets: readonly string[] = []): T {
  return redactValue(value, secrets, 0) as T;
}

function redactValue(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return redactText(value, secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[nested too deeply]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, secrets, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      redactText(key, secrets),
      redactValue(item, secrets, depth + 1),
    ]),
  );
}

function redactText(text: string, secrets: readonly string[]): string {
  let clean = text.replace(COMPACT_JWS, '[passport]');
  for (const secret of secrets) clean = clean.replaceAll(secret, '[secret]');
  return clean;
}
