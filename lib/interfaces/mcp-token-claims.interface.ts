/** The claims of a verified MCP access token, under LIME's own names (LIME, September 2026). */
export interface McpTokenClaims {
  /** The agent (UUID). */
  sub: string;
  /** Copied from `sub`: the name that the rest of LIME uses. */
  agent_id: string;
  /** The host of the MCP server that the token is for. */
  domain: string;
  /** The id of the token. */
  jti: string;
  /** The origin of the platform. */
  iss: string;
  aud: string;
  /** Issued at, in seconds since the epoch. */
  iat: number;
  /** Expires at, in seconds since the epoch. */
  exp: number;
  [claim: string]: unknown;
}
