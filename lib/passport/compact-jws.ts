import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { InvalidPassportError } from '../errors/index.js';

/**
 * Base64url, written in the one canonical way (RFC 4648 section 3.5): a last character that has bits to spare has zeros
 * there. One passport could otherwise be written in several ways, and be taken for several.
 */
const PART = '(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?';
/** Three parts that are not empty, and nothing around them (RFC 7515 section 7.1). */
const COMPACT_JWS = new RegExp(String.raw`^(?!\.)${PART}\.(?!\.)${PART}\.(?!$)${PART}$`);
/** LIME's passports have under 1 KiB. */
const MAX_LENGTH = 8 * 1024;

/**
 * @returns the token, if it has the form of a passport.
 * @throws {InvalidPassportError} `PASSPORT_MALFORMED`
 */
export function assertCompactJws(token: unknown): string {
  if (typeof token === 'string' && token.length <= MAX_LENGTH && COMPACT_JWS.test(token)) {
    return token;
  }
  const actual = typeof token === 'string' ? `a text of ${token.length} characters` : typeof token;
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'a passport is a compact JWS: three base64url parts, at most 8 KiB, no white space',
    { actual },
  );
}

/**
 * Reads which key a passport names, and that it is signed in the one way that is accepted.
 * Keys and addresses of keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
 * @throws {InvalidPassportError} `PASSPORT_ALGORITHM`, `PASSPORT_MALFORMED`
 */
export function readKeyId(token: string): string {
  const { alg, kid, crit } = readHeader(token);
  if (alg !== 'RS256' || crit !== undefined) {
    throw new InvalidPassportError(
      'PASSPORT_ALGORITHM',
      'a passport is signed with RS256, without extensions',
      { expected: 'RS256', actual: typeof alg === 'string' ? alg.slice(0, 32) : typeof alg },
    );
  }
  if (typeof kid === 'string' && kid !== '') return kid;
  throw new InvalidPassportError('PASSPORT_MALFORMED', 'the passport does not name its key (kid)');
}

function readHeader(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new InvalidPassportError(
      'PASSPORT_MALFORMED',
      'the header of the passport cannot be read',
      { cause },
    );
  }
}
