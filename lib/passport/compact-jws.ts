import { InvalidPassportError } from '../errors/index.js';
import { decodeBase64url } from './base64url.js';

/** LIME's passports have under 1 KiB. */
const MAX_LENGTH = 8 * 1024;

/** A passport taken apart (RFC 7515 section 7.1). */
export interface CompactJws {
  readonly token: string;
  /** As it stands. */
  readonly header: string;
  /** What is signed: the first two parts as they stand (RFC 7515 section 5.2). */
  readonly signed: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a passport apart, if it has the form of one: three parts that are not empty, and nothing around them.
 * @throws {InvalidPassportError} `PASSPORT_MALFORMED`
 */
export function parseCompactJws(token: unknown): CompactJws {
  const jws = typeof token === 'string' ? parse(token) : undefined;
  if (jws) return jws;
  const actual = typeof token === 'string' ? `a text of ${token.length} characters` : typeof token;
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'a passport is a compact JWS: three base64url parts, at most 8 KiB, no white space',
    { actual },
  );
}

function parse(token: string): CompactJws | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const [afterHeader, afterPayload] = [token.indexOf('.'), token.lastIndexOf('.')];
  if (afterHeader <= 0 || afterHeader === afterPayload) return undefined;
  const payload = decodeBase64url(token.slice(afterHeader + 1, afterPayload)); // with a third dot it is no base64url
  const signature = decodeBase64url(token.slice(afterPayload + 1));
  if (!payload || !signature) return undefined;
  const header = token.slice(0, afterHeader);
  return { token, header, signed: token.slice(0, afterPayload), payload, signature };
}
