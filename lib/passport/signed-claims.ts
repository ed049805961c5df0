import type { JWTPayload } from 'jose';
import { InvalidPassportError } from '../errors/index.js';
import type { CompactJws } from './compact-jws.js';
import { assertSigned } from './signature.js';
import type { SigningKey } from './signing-key.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What a passport says, once its signature was found good.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`, or `PASSPORT_MALFORMED` for a payload that is no JSON object.
 */
export function readSigned(jws: CompactJws, key: SigningKey): JWTPayload {
  assertSigned(jws, key);
  const claims = parse(jws.payload);
  if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
    return claims as JWTPayload;
  }
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'the payload of the passport is no JSON object',
  );
}

/** @returns `undefined` for what is no JSON in UTF-8. */
function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(payload));
  } catch {
    return undefined;
  }
}
