/** Claims that both kinds of passport have (LIME, September 2026). Names are LIME's own; `agent_id` is filled from `sub`. */
export interface CommonPassportClaims {
  /** The agent (UUID). */
  sub: string;
  /** The same as `sub`, under the name that the rest of LIME uses. */
  agent_id: string;
  /** The LIME user behind the agent (UUID). Filled from `owner_id` on platforms of June 2026. */
  user_id: string;
  /** The origin of the platform. Absent on platforms before September 2026 (option `issuer: false`). */
  iss: string;
  aud: string;
  /** Issued at, in seconds since the epoch. */
  iat: number;
  /** Expires at, in seconds since the epoch. */
  exp: number;
  /** Not valid before, in seconds since the epoch. LIME is not known to send it. */
  nbf?: number;
  /** The version of the claims: `"5"` since September 2026. */
  passport_version?: string | number;
  /** @deprecated Only on platforms of June 2026. Use `user_id`, which is filled from it. */
  owner_id?: string;
  /** @deprecated Only on platforms of June 2026. */
  owner_kyc_level?: number;
  /** @deprecated Only on platforms of July and August 2026. */
  user_kyc_level?: number;
  /** @deprecated Only on platforms before September 2026. */
  agent_reputation?: number;
  [claim: string]: unknown;
}

/** The claims of a verified login passport. */
export interface PassportClaims extends CommonPassportClaims {
  /** The login request that the agent approved. */
  request_id: string;
}

/** The claims of a verified binding passport. */
export interface BindingPassportClaims extends CommonPassportClaims {
  /** The binding request that the user completed. */
  binding_id: string;
  passport_version: string | number;
}

/** Outcome of a verification. There is no `valid: false`: a passport that does not verify throws. */
export interface PassportVerificationResult<Claims extends CommonPassportClaims = PassportClaims> {
  readonly valid: true;
  readonly claims: Claims;
}
