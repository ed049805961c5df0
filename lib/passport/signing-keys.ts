import { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { copyError, LimeError } from '../errors/index.js';

/** NIST SP 800-131A: shorter RSA keys are not fit for signatures. */
const MIN_MODULUS_BITS = 2048;
/** 65537, base64url. Other exponents, 1 above all, make forgeries cheap. */
const EXPONENT = 'AQAB';

/** Public RSA keys that may verify tokens, by key id. */
export type SigningKeys = ReadonlyMap<string, KeyObject>;

/**
 * Reads a JWKS document: raw (RFC 7517 section 5), or in the success envelope of LIME before July 2026. Skips keys that are
 * malformed, too weak or meant for something else. Of two with one key id the first counts.
 * @throws {LimeError} `KEY_SET_INVALID` without a usable key, so that the cached keys stay.
 */
export async function readJwks(text: string): Promise<SigningKeys> {
  const candidates = keysIn(parse(text));
  const imported = await Promise.all(candidates.map((jwk) => importSigningKey(jwk)));
  const keys = new Map<string, KeyObject>();
  for (const entry of imported) {
    if (entry && !keys.has(entry.kid)) keys.set(entry.kid, entry.key);
  }
  if (keys.size > 0) return keys;
  throw new LimeError(
    'KEY_SET_INVALID',
    `the JWKS has ${candidates.length} keys, but not one for RS256 with a kid and at least ${MIN_MODULUS_BITS} bits`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LimeError('KEY_SET_INVALID', 'the JWKS is not JSON', { cause: copyError(error) });
  }
}

function keysIn(document: unknown): unknown[] {
  const { keys, data } = (document ?? {}) as { keys?: unknown; data?: { keys?: unknown } | null };
  if (Array.isArray(keys)) return keys;
  return Array.isArray(data?.keys) ? data.keys : [];
}

async function importSigningKey(
  jwk: unknown,
): Promise<{ kid: string; key: KeyObject } | undefined> {
  if (!isUsable(jwk)) return undefined;
  // Loaded here, because it would add 12 ms to the start of an application.
  const { importJWK } = await import('jose/key/import');
  try {
    const { kid, n, e } = jwk;
    // Only the public numbers: other members of the document must not have a say.
    const imported = await importJWK({ kty: 'RSA', n, e, alg: 'RS256' }, 'RS256');
    if (imported instanceof Uint8Array) return undefined;
    const key = KeyObject.from(imported);
    return isStrong(key) ? { kid, key } : undefined;
  } catch {
    return undefined;
  }
}

function isUsable(jwk: unknown): jwk is JWK & { kid: string; n: string; e: string } {
  if (typeof jwk !== 'object' || jwk === null) return false;
  const { kty, kid, n, e, alg, use } = jwk as Record<string, unknown>;
  return (
    kty === 'RSA' &&
    typeof kid === 'string' &&
    kid !== '' &&
    typeof n === 'string' &&
    e === EXPONENT &&
    (alg === undefined || alg === 'RS256') &&
    (use === undefined || use === 'sig')
  );
}

/** Measures the imported key, since leading zeros in the document can make a weak one look long. */
function isStrong({ asymmetricKeyDetails }: KeyObject): boolean {
  return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_MODULUS_BITS;
}
