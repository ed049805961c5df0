import { randomUUID } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import type { AgentProfile } from './agent-registry.js';
import type { Generation } from './generations.js';
import type { SigningKeys } from './signing-keys.js';
import { type SandboxSigningKey, signToken } from './token-signer.js';

/** Replaces members of a token's payload; `undefined` removes one. */
export type PassportClaimOverrides = Readonly<Record<string, unknown>>;

/** Replaces other parts of a token, mostly to make one that a site must refuse. */
export interface TokenOverrides {
  /** Replaces members of the header; `undefined` removes one. The signature stays that of `alg` and `key`. */
  header?: Readonly<Record<string, unknown>>;
  /** Default: that of the current signing key. */
  kid?: string;
  /** The algorithm that signs and that the header names. Default `RS256`. */
  alg?: string;
  /** Replaces the current signing key. Raw bytes are the secret of an HS… algorithm. */
  key?: SandboxSigningKey;
  /** Default `lime-site-login`, `lime-binding` or `mcp`. */
  audience?: unknown;
  /** `exp − iat` in seconds. Default: the sandbox's `passportTtlSeconds`, for bindings at most 60, for MCP access tokens 300. */
  ttlSeconds?: number;
  /** A Date, or seconds since the epoch. Default now, in whole seconds. */
  issuedAt?: Date | number;
  /** A Date, or seconds since the epoch. Default `issuedAt` plus `ttlSeconds`. */
  expiresAt?: Date | number;
}

/** Replaces other parts of a passport. */
export interface PassportOverrides extends TokenOverrides {
  /** The kind of passport. Default `login`. */
  kind?: 'login' | 'binding';
}

const BINDING_TTL_SECONDS = 60;
export const MCP_TOKEN_TTL_SECONDS = 300;

/** The parts of a {@link PassportIssuer}. */
export interface PassportIssuerOptions {
  readonly keys: SigningKeys;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly generation: Generation;
  /** The origin of the base URL, which becomes `iss`. */
  readonly origin: () => string;
}

/** Issues signed passports and MCP access tokens. */
export class PassportIssuer {
  constructor(private readonly options: PassportIssuerOptions) {}

  /** Signs a passport of `agent`. `claims` override all defaults, `overrides.header` the whole header. */
  issue(
    agent: AgentProfile,
    claims: PassportClaimOverrides = {},
    overrides: PassportOverrides = {},
  ): Promise<string> {
    const { ttlSeconds, generation } = this.options;
    const binding = overrides.kind === 'binding';
    const payload = {
      ...this.commonClaims(agent, binding ? 'lime-binding' : 'lime-site-login', overrides),
      [binding ? 'binding_id' : 'request_id']: randomUUID(),
      ...generation.claims(agent),
      ...this.times(binding ? Math.min(ttlSeconds, BINDING_TTL_SECONDS) : ttlSeconds, overrides),
      ...claims,
    };
    return this.sign(payload, overrides);
  }

  /** Signs an access token of `agent` for the MCP server of `domain`. */
  issueMcpToken(
    agent: AgentProfile,
    domain: string,
    claims: PassportClaimOverrides = {},
    overrides: TokenOverrides = {},
  ): Promise<string> {
    const payload = {
      ...this.commonClaims(agent, 'mcp', overrides),
      domain,
      jti: randomUUID(),
      ...this.times(MCP_TOKEN_TTL_SECONDS, overrides),
      ...claims,
    };
    return this.sign(payload, overrides);
  }

  private commonClaims(agent: AgentProfile, audience: string, overrides: TokenOverrides): object {
    const { generation, origin } = this.options;
    return {
      ...(generation.issuer && { iss: origin() }),
      sub: agent.agentId,
      aud: overrides.audience ?? audience,
    };
  }

  private times(
    lifetime: number,
    { issuedAt, expiresAt, ttlSeconds = lifetime }: TokenOverrides,
  ): object {
    const iat = secondsOf(issuedAt ?? new Date(this.options.clock.now()));
    return { iat, exp: expiresAt === undefined ? iat + ttlSeconds : secondsOf(expiresAt) };
  }

  private sign(payload: object, overrides: TokenOverrides): Promise<string> {
    const { current } = this.options.keys;
    const alg = overrides.alg ?? 'RS256';
    const header = { alg, typ: 'JWT', kid: overrides.kid ?? current.kid, ...overrides.header };
    return signToken(header, payload, alg, overrides.key ?? current.privateKey);
  }
}

function secondsOf(time: Date | number): number {
  return typeof time === 'number' ? time : Math.floor(time.getTime() / 1000);
}
