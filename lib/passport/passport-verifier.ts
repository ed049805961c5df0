import type { JWTPayload } from 'jose';
import { InvalidPassportError, RequestExpiredError } from '../errors/index.js';
import type { Clock } from '../ports/index.js';
import { assertCompactJws, readKeyId } from './compact-jws.js';
import type { JwksSource } from './jwks-source.js';
import type { CommonPassportClaims } from './passport-claims.js';
import type { PassportKind } from './passport-kind.js';
import { PassportRules } from './passport-rules.js';
import { readSigned } from './signature.js';
import { VerifiedPassports } from './verified-passports.js';

export interface PassportVerifierOptions {
  keys: JwksSource;
  clock: Clock;
  /** How long an expired passport is still good for, in milliseconds, because clocks differ. */
  clockToleranceMs: number;
}

/** Verifies passports: form, algorithm, key, signature, claims. */
export class PassportVerifier {
  readonly #keys: JwksSource;
  readonly #clock: Clock;
  readonly #rules: PassportRules;
  readonly #verified: VerifiedPassports;

  constructor({ keys, clock, clockToleranceMs }: PassportVerifierOptions) {
    this.#keys = keys;
    this.#clock = clock;
    this.#rules = new PassportRules(clockToleranceMs);
    this.#verified = new VerifiedPassports((kid) => keys.peek(kid));
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
    const claims = this.#verified.find(token) ?? (await this.#readSigned(token));
    try {
      this.#rules.assert(claims, kind, this.#clock.now());
    } catch (error) {
      if (error instanceof RequestExpiredError) this.#verified.forget(token);
      throw error;
    }
    assertId(claims[kind.idClaim], kind, expectedId);
    return normalise(claims);
  }

  async #readSigned(token: string): Promise<JWTPayload> {
    const key = await this.#keys.key(readKeyId(token));
    const claims = await readSigned(token, key);
    this.#verified.remember(token, key, claims);
    return claims;
  }
}

function assertId(
  actual: unknown,
  { name, idClaim }: PassportKind,
  expectedId: string | undefined,
): void {
  if (expectedId === undefined || actual === expectedId) return;
  throw new InvalidPassportError(
    'PASSPORT_REQUEST_MISMATCH',
    `the ${idClaim} of the ${name} passport is not the expected one`,
    { expected: expectedId, actual },
  );
}

/**
 * Fills in the names that LIME uses today. What the passport says itself is never overwritten, except `agent_id`.
 * A copy for each caller, all the way down: nobody can change what the next one gets.
 */
function normalise(claims: JWTPayload): CommonPassportClaims {
  const copy = structuredClone(claims);
  const userId = copy['user_id'] ?? copy['owner_id'];
  const kycLevel = copy['user_kyc_level'] ?? copy['owner_kyc_level'];
  return {
    ...copy,
    ...(userId !== undefined && { user_id: userId }),
    ...(kycLevel !== undefined && { user_kyc_level: kycLevel }),
    agent_id: copy.sub,
  } as CommonPassportClaims;
}
