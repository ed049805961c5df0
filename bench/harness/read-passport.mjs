import { verify } from 'node:crypto';

/**
 * The least that a verification can be: the three parts parsed, one RSA check.
 * @param {string} passport
 * @param {import('node:crypto').KeyObject} key
 */
export function readPassport(passport, key) {
  const [header, payload, signature] = passport.split('.');
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const input = Buffer.from(`${header}.${payload}`);
  if (alg === 'RS256' && verify('sha256', input, key, Buffer.from(signature, 'base64url'))) {
    return claims;
  }
  throw new Error('the passport does not verify');
}
