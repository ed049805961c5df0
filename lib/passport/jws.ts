import { type KeyObject, verify } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { InvalidPassportError } from '../errors/index.js';

/** LIME's tokens have under 1 KiB. */
const MAX_LENGTH = 8 * 1024;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** A parsed JWS in compact serialisation (RFC 7515 section 7.1). Nothing in it is verified. */
export interface CompactJws {
  /** The key id of the header (section 4.1.4). */
  readonly kid: string;
  /** The bytes that are signed: the encoded header and payload (section 5.2). */
  readonly signingInput: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/** Parses tokens and checks their headers. */
export class JwsParser {
  /** All tokens of one key have the same header. To read it again each time would take 3 % of a verification. */
  #lastHeader = '';
  #lastKid = '';

  /**
   * Keys and addresses of keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are ignored.
   * @throws {InvalidPassportError} `PASSPORT_MALFORMED`, `PASSPORT_ALGORITHM`
   */
  parse(token: unknown): CompactJws {
    const text = typeof token === 'string' && token.length <= MAX_LENGTH ? token : '';
    const [headerEnd, payloadEnd] = [text.indexOf('.'), text.lastIndexOf('.')];
    const payload = decodeBase64url(text.slice(headerEnd + 1, payloadEnd)); // fails on a third dot
    const signature = decodeBase64url(text.slice(payloadEnd + 1));
    if (headerEnd <= 0 || headerEnd === payloadEnd || !payload || !signature) {
      throw malformed(
        'the JWT is not a compact JWS: three base64url parts, at most 8 KiB, no white space',
        typeof token === 'string' ? `a string of ${token.length} characters` : typeof token,
      );
    }
    const kid = this.#keyId(text.slice(0, headerEnd));
    const signingInput = Buffer.from(text.slice(0, payloadEnd), 'latin1');
    return { kid, signingInput, payload, signature };
  }

  #keyId(header: string): string {
    if (header === this.#lastHeader) return this.#lastKid;
    const kid = keyIdOf(header);
    this.#lastHeader = header;
    this.#lastKid = kid;
    return kid;
  }
}

/**
 * Verifies the signature, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), and reads the claims.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`; `PASSPORT_MALFORMED` for a payload that is not a JSON object.
 */
export function readSignedClaims(jws: CompactJws, key: KeyObject): JWTPayload {
  // Synchronous: for one token at a time, the thread pool and WebCrypto cost more than the check.
  if (!verify('sha256', jws.signingInput, key, jws.signature)) {
    throw new InvalidPassportError(
      'PASSPORT_SIGNATURE',
      'the signature of the JWT does not match its key',
    );
  }
  const claims = parseJsonObject(jws.payload);
  if (claims) return claims;
  throw malformed('the payload of the JWT is not a JSON object');
}

/**
 * Reads `exp` without any verification. Fit for deciding how long a verification is worth a retry, and for nothing else.
 * @returns milliseconds since the epoch; `undefined` without a numeric `exp`.
 * @throws {InvalidPassportError} as {@link JwsParser.parse}.
 */
export function unverifiedExpiry(jwt: string): number | undefined {
  const exp = parseJsonObject(new JwsParser().parse(jwt).payload)?.['exp'];
  return typeof exp === 'number' ? exp * 1000 : undefined;
}

function keyIdOf(header: string): string {
  const bytes = decodeBase64url(header);
  const members = bytes && parseJsonObject(bytes);
  if (!members) throw malformed('the header of the JWT is not a JSON object');
  const { alg, kid, crit } = members;
  if (alg !== 'RS256' || crit !== undefined) {
    throw new InvalidPassportError(
      'PASSPORT_ALGORITHM',
      'a JWT must be signed with RS256, without extensions (crit)',
      { expected: 'RS256', actual: typeof alg === 'string' ? alg.slice(0, 32) : typeof alg },
    );
  }
  if (typeof kid === 'string' && kid !== '') return kid;
  throw malformed('the header of the JWT has no key id (kid)');
}

/**
 * Decodes canonical base64url (RFC 4648 sections 3.5 and 5): no padding, no white space, no stray bits at the end. One token
 * could otherwise be spelt in several ways. Encoding the result again takes half the time of a regular expression.
 */
function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : undefined;
}

function parseJsonObject(bytes: Buffer): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

function malformed(message: string, actual?: string): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_MALFORMED', message, { actual });
}
