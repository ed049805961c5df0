import type { JWTPayload } from 'jose';
import type { CommonPassportClaims } from './passport-claims.js';

/** The claims of one passport, for any number of callers: nobody can change what the next one gets. */
export class RememberedClaims {
  readonly #claims: CommonPassportClaims;
  /** No claim has parts of its own, as in every real passport: then a copy costs a fiftieth. */
  readonly #isFlat: boolean;

  /** @param claims whose signature was found good. */
  constructor(claims: JWTPayload) {
    const normalised = normalise(claims);
    this.#claims = normalised;
    this.#isFlat = Object.values(normalised).every((claim) => Object(claim) !== claim);
  }

  /** To be read, and not to be given away. */
  get original(): Readonly<CommonPassportClaims> {
    return this.#claims;
  }

  /** A copy all the way down. */
  copy(): CommonPassportClaims {
    return { ...(this.#isFlat ? this.#claims : structuredClone(this.#claims)) };
  }
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
