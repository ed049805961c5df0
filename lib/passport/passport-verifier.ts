import { compactVerify, decodeProtectedHeader, errors, type JWTPayload } from 'jose';
import { InvalidPassportError } from '../errors/index.js';
import type { Clock } from '../ports/index.js';
import type { JwksSource } from './jwks-source.js';
import type { CommonPassportClaims } from './passport-claims.js';
import type { PassportKind } from './passport-kind.js';
import { assertClaims } from './passport-rules.js';

/** Three base64url parts and nothing around them (RFC 7515 section 7.1). */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** LIME's passports have under 1 KiB. */
const MAX_LENGTH = 8 * 1024;

/** Verifies passports: form, algorithm, key, signature, claims. */
export class PassportVerifier {
  readonly #keys: JwksSource;
  readonly #clock: Clock;

  constructor(keys: JwksSource, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /**
   * @param expectedId what the kind's id claim has to be; left out, any will do, also one of another site's login.
   * @throws {InvalidPassportError} the passport breaks a rule; `RequestExpiredError` when its time is over.
   * @throws {LimeError} `KEYS_UNAVAILABLE` when nobody can tell at the moment.
   */
  async verify(
    jwt: unknown,
    kind: PassportKind,
    expectedId?: string,
  ): Promise<CommonPassportClaims> {
    const token = assertCompactJws(jwt);
    const kid = readKeyId(token);
    const { key } = await this.#keys.key(kid);
    const claims = await readSigned(token, key);
    assertClaims(claims, kind, this.#clock.now());
    assertId(claims[kind.idClaim], kind, expectedId);
    return normalise(claims);
  }
}

function assertCompactJws(jwt: unknown): string {
  if (typeof jwt === 'string' && jwt.length <= MAX_LENGTH && COMPACT_JWS.test(jwt)) return jwt;
  const actual = typeof jwt === 'string' ? `a text of ${jwt.length} characters` : typeof jwt;
  throw new InvalidPassportError(
    'PASSPORT_MALFORMED',
    'a passport is a compact JWS: three base64url parts, at most 8 KiB, no white space',
    { actual },
  );
}

function readKeyId(token: string): string {
  const { alg, kid, crit } = readHeader(token);
  if (alg !== 'RS256' || crit !== undefined) {
    throw new InvalidPassportError(
      'PASSPORT_ALGORITHM',
      'a passport is signed with RS256, without extensions',
      {
        expected: 'RS256',
        actual: typeof alg === 'string' ? alg.slice(0, 32) : typeof alg,
      },
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

async function readSigned(
  token: string,
  key: Parameters<typeof compactVerify>[1],
): Promise<JWTPayload> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: ['RS256'] });
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
      return claims as JWTPayload;
    }
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
  throw new InvalidPassportError('PASSPORT_MALFORMED', 'the payload of the passport is no object');
}

function assertId(
  actual: unknown,
  { name, idClaim }: PassportKind,
  expectedId: string | undefined,
): void {
  if (expectedId === undefined || actual === expectedId) return;
  throw new InvalidPassportError(
    'PASSPORT_REQUEST_MISMATCH',
    `the ${name} passport was made for another ${idClaim === 'request_id' ? 'request' : 'binding'}`,
    { expected: expectedId, actual },
  );
}

/** Fills in the names that LIME uses today. What the passport says itself is never overwritten, except `agent_id`. */
function normalise(claims: JWTPayload): CommonPassportClaims {
  const userId = claims['user_id'] ?? claims['owner_id'];
  const kycLevel = claims['user_kyc_level'] ?? claims['owner_kyc_level'];
  return {
    ...claims,
    ...(userId !== undefined && { user_id: userId }),
    ...(kycLevel !== undefined && { user_kyc_level: kycLevel }),
    agent_id: claims.sub,
  } as CommonPassportClaims;
}
