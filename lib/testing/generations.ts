import type { AgentProfile } from './agent-registry.js';
import type { ProofOfWorkVersion } from './proof-of-work.js';

/**
 * A generation of LIME, named by a month in which it was current.
 * - `2026-09`: today. Proof of work v1, passports with `iss`, bindings by a code that the site exchanges, MCP access tokens.
 * - `2026-07`: legacy proof of work, no `iss`, the callback of a binding carries the passport.
 * - `2026-06`: as `2026-07`, with the JWKS in the envelope, `owner_*` claims, and no bindings.
 */
export type SandboxPlatform = '2026-09' | '2026-07' | '2026-06';

/** The differences between the generations. All other code of this folder is the same for each of them. */
export interface Generation {
  /** Shape of the JWKS answer, unless the option `jwks` says otherwise. */
  readonly jwks: 'raw' | 'enveloped';
  readonly proofOfWork: ProofOfWorkVersion;
  /** The parameter of a binding's callback. `none`: the platform has no bindings. */
  readonly bindings: 'code' | 'passport' | 'none';
  /** Whether `GET /auth/requests/{id}` still answers for an approved request. */
  readonly showsApproved: boolean;
  /** Whether passports carry `iss`. */
  readonly issuer: boolean;
  /** Whether agents get access tokens for MCP servers. */
  readonly mcpTokens: boolean;
  /** The claims of both kinds of passports beside `sub`, `aud`, `iat`, `exp` and the id of the request. */
  readonly claims: (agent: AgentProfile) => object;
  /** The members of an agent's profile beside its id, name, picture and description. */
  readonly profile: (agent: AgentProfile) => object;
}

export const GENERATIONS: Readonly<Record<SandboxPlatform, Generation>> = {
  '2026-09': {
    jwks: 'raw',
    proofOfWork: 'v1',
    bindings: 'code',
    showsApproved: false,
    issuer: true,
    mcpTokens: true,
    claims: ({ userId }) => ({ user_id: userId, passport_version: '5' }),
    profile: ({ userId }) => ({ user_id: userId }),
  },
  // Passports of version 3, as in the fixtures of site SDK 1.2.0 to 2.0.0; version 4 came in September.
  '2026-07': {
    jwks: 'raw',
    proofOfWork: 'legacy',
    bindings: 'passport',
    showsApproved: true,
    issuer: false,
    mcpTokens: false,
    claims: (agent) => ({ ...summerUser(agent), passport_version: '3' }),
    profile: summerUser,
  },
  '2026-06': {
    jwks: 'enveloped',
    proofOfWork: 'legacy',
    bindings: 'none',
    showsApproved: true,
    issuer: false,
    mcpTokens: false,
    claims: firstOwner,
    profile: firstOwner,
  },
};

function summerUser({ userId, userKycLevel = 2, reputation = 80 }: AgentProfile): object {
  return { user_id: userId, user_kyc_level: userKycLevel, agent_reputation: reputation };
}

function firstOwner({ userId, userKycLevel = 2, reputation = 80 }: AgentProfile): object {
  return { owner_id: userId, owner_kyc_level: userKycLevel, agent_reputation: reputation };
}
