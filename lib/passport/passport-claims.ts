/** Members that both kinds of passport have. Names are LIME's own; `agent_id` is filled from `sub`. */
export interface CommonPassportClaims {
  /** The agent (UUID). */
  sub: string;
  /** The same as `sub`, under the name the rest of LIME uses. */
  agent_id: string;
  /** The agent's owner. Older platforms say `owner_id`; both arrive here. */
  user_id?: string;
  /** How well LIME knows the owner. Older platforms say `owner_kyc_level`; both arrive here. */
  user_kyc_level?: number;
  aud: string;
  /** Issued at, in seconds since the epoch. */
  iat: number;
  /** Expires at, in seconds since the epoch. */
  exp: number;
  [claim: string]: unknown;
}

/** What a login passport says once it is verified. */
export interface PassportClaims extends CommonPassportClaims {
  /** The login request that the agent approved. */
  request_id: string;
  agent_reputation?: number;
}

/** What a binding passport says once it is verified. */
export interface BindingPassportClaims extends CommonPassportClaims {
  /** The binding request that the user completed. */
  binding_id: string;
  passport_version?: number | string;
}

/** Outcome of a verification. There is no `valid: false`: what does not verify throws. */
export interface PassportVerificationResult<Claims extends CommonPassportClaims = PassportClaims> {
  readonly valid: true;
  readonly claims: Claims;
}
