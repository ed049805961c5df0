import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactSign, type JWK } from 'jose';

export interface KeyPair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** The public key as a member of a JWKS. */
  readonly jwk: JWK;
  /** Makes a compact JWS of any bytes. */
  sign(payload: string | Uint8Array): Promise<string>;
}

/** An RSA key that the sandbox does not have. */
export function createKeyPair(
  kid: string,
  { bits = 2048, exponent = 0x1_00_01 }: { bits?: number; exponent?: number } = {},
): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicExponent: exponent,
  });
  return {
    kid,
    privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' },
    sign(payload) {
      const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
      return new CompactSign(bytes).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
    },
  };
}
