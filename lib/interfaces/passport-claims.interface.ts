/** Claims of both kinds of passport, under LIME's own names (LIME, September 2026). */
export interface CommonPassportClaims {
  /** The agent (UUID). */
  sub: string;
  /** Copied from `sub`: the name that the rest of LIME uses. */
  agent_id: string;
  /** The LIME user behind the agent (UUID). Copied from `owner_id` on platforms of June 2026. */
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
  /** @deprecated Only on platforms of June 2026. Use `user_id`. */
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

/** A successful verification. A passport that does not verify throws, so `valid` is always `true`. */
export interface PassportVerificationResult<Claims extends CommonPassportClaims = PassportClaims> {
  readonly valid: true;
  readonly claims: Claims;
}

/** The claims of a verified MCP access token. Those without a comment are as in passports. */
export interface McpTokenClaims extends Pick<
  CommonPassportClaims,
  'sub' | 'agent_id' | 'iss' | 'aud' | 'iat' | 'exp' | 'nbf'
> {
  /** The host of the MCP server that the token is for. */
  domain: string;
  /** The id of the token. */
  jti: string;
  [claim: string]: unknown;
}
