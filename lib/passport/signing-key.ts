import { type CryptoKey, importJWK, type JWK } from 'jose';

/** NIST SP 800-131A: shorter RSA keys are not fit for signatures. */
const MIN_MODULUS_BITS = 2048;
/** 65537, base64url. Other exponents, 1 above all, make forgeries cheap. */
const EXPONENT = 'AQAB';

/** A key of the platform's set that may verify passports. */
export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
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
  try {
    const { kid, n, e } = jwk;
    // Only the public numbers go in: whatever else the document holds has no say.
    const key = await importJWK({ kty: 'RSA', n, e, alg: 'RS256' }, 'RS256');
    return key instanceof Uint8Array ? undefined : { kid, key, modulus: n };
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
    modulusBits(n) >= MIN_MODULUS_BITS &&
    e === EXPONENT &&
    (alg === undefined || alg === 'RS256') &&
    (use === undefined || use === 'sig')
  );
}

function modulusBits(n: string): number {
  const bytes = Buffer.from(n, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  return (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}
