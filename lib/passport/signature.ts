import { compactVerify, errors, type JWTPayload } from 'jose';
import { InvalidPassportError } from '../errors/index.js';
import type { SigningKey } from './signing-key.js';

/**
 * Checks the signature of a passport and reads what it says.
 * @throws {InvalidPassportError} `PASSPORT_SIGNATURE`, or `PASSPORT_MALFORMED` for a payload that is no JSON object.
 */
export async function readSigned(token: string, { key }: SigningKey): Promise<JWTPayload> {
  const claims = parseClaims(await verifiedPayload(token, key));
  if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
    return claims as JWTPayload;
  }
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'the payload of the passport is no JSON object',
  );
}

async function verifiedPayload(token: string, key: SigningKey['key']): Promise<Uint8Array> {
  try {
    return (await compactVerify(token, key, { algorithms: ['RS256'] })).payload;
  } catch (cause) {
    if (cause instanceof errors.JWSSignatureVerificationFailed) {
      throw new InvalidPassportError(
        'PASSPORT_SIGNATURE',
        'the signature of the passport does not match',
        { cause },
      );
    }
    throw new InvalidPassportError('PASSPORT_MALFORMED', 'the passport cannot be read', { cause });
  }
}

/** @returns `undefined` for what is no JSON in UTF-8. */
function parseClaims(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
}
