import { LimeError } from '../errors/index.js';
import { importSigningKey, type SigningKey } from './signing-key.js';

/** The platform's usable signing keys, by `kid`. */
export type KeySet = ReadonlyMap<string, SigningKey>;

/**
 * Reads a key set document: raw (RFC 7517 section 5), or in the success envelope of older platforms.
 * @throws {LimeError} `KEY_SET_INVALID` when not one usable key is in it, so that the last good set stays.
 */
export async function readKeySet(text: string): Promise<KeySet> {
  const candidates = keysIn(parse(text));
  const imported = await Promise.all(candidates.map((jwk) => importSigningKey(jwk)));
  const keys = new Map<string, SigningKey>();
  for (const key of imported) {
    if (key && !keys.has(key.kid)) keys.set(key.kid, key);
  }
  if (keys.size === 0) {
    throw new LimeError(
      'KEY_SET_INVALID',
      `the key set holds no usable key (RSA of 2048 bits or more, kid, RS256) among ${candidates.length}`,
    );
  }
  return keys;
}

function keysIn(document: unknown): unknown[] {
  const { keys, data } = (document ?? {}) as { keys?: unknown; data?: { keys?: unknown } | null };
  if (Array.isArray(keys)) return keys;
  return Array.isArray(data?.keys) ? data.keys : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LimeError('KEY_SET_INVALID', 'the key set is no JSON', { cause });
  }
}
