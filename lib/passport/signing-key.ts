import { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/** NIST SP 800-131A: shorter RSA keys are not fit for signatures. */
const MIN_MODULUS_BITS = 2048;
/** 65537, base64url. Other exponents, 1 above all, make forgeries cheap. */
const EXPONENT = 'AQAB';

/** A key of the platform's set that may verify passports. */
export interface SigningKey {
  readonly kid: string;
  /** A public RSA key, of a length that is fit for signatures. */
  readonly key: KeyObject;
  /** The public modulus, base64url: tells whether a `kid` still stands for the same key. */
  readonly modulus: string;
}

/**
 * Imports one member of a key set (RFC 7517).
 * @returns `undefined` for a key that is malformed, too weak, or meant for something else: one bad key must not take
 * the good ones with it.
 */
export async function importSigningKey(jwk: unknown): Promise<SigningKey | undefined> {
  if (!isUsable(jwk)) return undefined;
  // Only now: it takes 12 ms to load, which nobody waits for here; an application that starts would.
  const { importJWK } = await import('jose/key/import');
  try {
    const { kid, n, e } = jwk;
    // Only the public numbers go in: whatever else the document holds has no say.
    const imported = await importJWK({ kty: 'RSA', n, e, alg: 'RS256' }, 'RS256');
    if (imported instanceof Uint8Array) return undefined;
    const key = KeyObject.from(imported);
    return isStrong(key) ? { kid, key, modulus: n } : undefined;
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

/** Judges the numbers that will be calculated with, and not how the document spelt them. */
function isStrong({ asymmetricKeyDetails }: KeyObject): boolean {
  return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_MODULUS_BITS;
}
