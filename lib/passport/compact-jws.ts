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

type ProtectedHeader = ReturnType<typeof decodeProtectedHeader>;

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

/** Reads the headers of passports. */
export class HeaderReader {
  /** All passports of one key have the same header, so the last good one is kept as it was written. */
  #lastHeader = '';
  #lastKeyId = '';

  /**
   * Which key a passport names. Makes sure that it is signed in the one way that is accepted. Keys and addresses of keys
   * in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
   * @param token in compact form.
   * @throws {InvalidPassportError} `PASSPORT_ALGORITHM`, `PASSPORT_MALFORMED`
   */
  keyId(token: string): string {
    const header = token.slice(0, token.indexOf('.'));
    if (header !== this.#lastHeader) {
      this.#lastKeyId = keyIdIn(decode(header));
      this.#lastHeader = header;
    }
    return this.#lastKeyId;
  }
}

function keyIdIn({ alg, kid, crit }: ProtectedHeader): string {
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

function decode(header: string): ProtectedHeader {
  try {
    return decodeProtectedHeader({ protected: header });
  } catch (cause) {
    throw new InvalidPassportError(
      'PASSPORT_MALFORMED',
      'the header of the passport cannot be read',
      { cause },
    );
  }
}
