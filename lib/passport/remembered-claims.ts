import type { JWTPayload } from 'jose';
import type { CommonPassportClaims } from '../interfaces/passport-claims.interface.js';

/** The claims of one passport, for any number of callers: nobody can change what the next one gets. */
export class RememberedClaims {
  readonly #claims: CommonPassportClaims;
  /** No claim has parts of its own, as in every real passport: then a copy costs a fiftieth. */
  readonly #isFlat: boolean;

  /** @param claims whose signature was found good. They are the memory's from here on. */
  constructor(claims: JWTPayload) {
    this.#claims = normalise(claims);
    this.#isFlat = Object.values(claims).every((claim) => Object(claim) !== claim);
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

/** Fills in the names that LIME uses today. A claim of the passport is never overwritten, except `agent_id`. */
function normalise(claims: JWTPayload): CommonPassportClaims {
  claims['agent_id'] = claims.sub;
  if ((claims['user_id'] ?? claims['owner_id'] ?? undefined) !== undefined) {
    claims['user_id'] ??= claims['owner_id'];
  }
  return claims as CommonPassportClaims;
}
