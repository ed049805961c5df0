const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Reads JSON in UTF-8. @returns `undefined` for what is none, or no object. */
export function readJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}
