import type { JWTPayload } from 'jose';
import { InvalidPassportError } from '../errors/index.js';
import type { CompactJws } from './compact-jws.js';
import { readJsonObject } from './json-object.js';
import { assertSigned } from './signature.js';
import type { SigningKey } from './signing-key.js';

/**
 * What a passport says, once its signature was found good.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`, or `PASSPORT_MALFORMED` for a payload that is no JSON object.
 */
export function readSigned(jws: CompactJws, key: SigningKey): JWTPayload {
  assertSigned(jws, key);
  const claims = readJsonObject(jws.payload);
  if (claims) return claims;
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'the payload of the passport is no JSON object',
  );
}
