import type { JWTPayload } from 'jose';
import { InvalidPassportError } from '../errors/index.js';
import { assertSigned } from './signature.js';
import type { SigningKey } from './signing-key.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What a passport says, once its signature was found good.
 * @param token in compact form, canonically written.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`, or `PASSPORT_MALFORMED` for a payload that is no JSON object.
 */
export function readSigned(token: string, key: SigningKey): JWTPayload {
  assertSigned(token, key);
  const claims = parse(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')));
  if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
    return claims as JWTPayload;
  }
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'the payload of the passport is no JSON object',
  );
}

/** @returns `undefined` for what is no JSON in UTF-8. */
function parse(payload: string): unknown {
  try {
    return JSON.parse(UTF8.decode(Buffer.from(payload, 'base64url')));
  } catch {
    return undefined;
  }
}
