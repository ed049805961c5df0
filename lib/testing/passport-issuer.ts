import { randomUUID } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import type { AgentProfile } from './agent-registry.js';
import type { Generation } from './generations.js';
import type { SigningKeys } from './signing-keys.js';
import { type SandboxSigningKey, signToken } from './token-signer.js';

/** Replaces members of a passport's payload; `undefined` removes one. */
export type PassportClaimOverrides = Readonly<Record<string, unknown>>;

/** Replaces other parts of a passport, mostly to make one that a site must refuse. */
export interface PassportOverrides {
  /** The kind of passport. Default `login`. */
  kind?: 'login' | 'binding';
  /** Replaces members of the header; `undefined` removes one. The signature stays that of `alg` and `key`. */
  header?: Readonly<Record<string, unknown>>;
  /** Default: that of the current signing key. */
  kid?: string;
  /** The algorithm that signs and that the header names. Default `RS256`. */
  alg?: string;
  /** Replaces the current signing key. Raw bytes are the secret of an HS… algorithm. */
  key?: SandboxSigningKey;
  /** Default `lime-site-login` or `lime-binding`. */
  audience?: unknown;
  /** `exp − iat` in seconds. Default: the sandbox's `passportTtlSeconds`, for bindings at most 60. */
  ttlSeconds?: number;
  /** A Date, or seconds since the epoch. Default now, in whole seconds. */
  issuedAt?: Date | number;
  /** A Date, or seconds since the epoch. Default `issuedAt` plus `ttlSeconds`. */
  expiresAt?: Date | number;
}

const BINDING_TTL_SECONDS = 60;

/** The parts of a {@link PassportIssuer}. */
export interface PassportIssuerOptions {
  readonly keys: SigningKeys;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly generation: Generation;
  /** The origin of the base URL, which becomes `iss`. */
  readonly origin: () => string;
}

/** Issues signed passports. */
export class PassportIssuer {
  constructor(private readonly options: PassportIssuerOptions) {}

  /** Signs a passport of `agent`. `claims` override all defaults, `overrides.header` the whole header. */
  issue(
    agent: AgentProfile,
    claims: PassportClaimOverrides = {},
    overrides: PassportOverrides = {},
  ): Promise<string> {
    const { current } = this.options.keys;
    const alg = overrides.alg ?? 'RS256';
    const header = { alg, typ: 'JWT', kid: overrides.kid ?? current.kid, ...overrides.header };
    const payload = { ...this.payloadOf(agent, overrides), ...claims };
    return signToken(header, payload, alg, overrides.key ?? current.privateKey);
  }

  private payloadOf(agent: AgentProfile, overrides: PassportOverrides): Record<string, unknown> {
    const { ttlSeconds, clock, generation, origin } = this.options;
    const binding = overrides.kind === 'binding';
    const ttl = binding ? Math.min(ttlSeconds, BINDING_TTL_SECONDS) : ttlSeconds;
    const iat = secondsOf(overrides.issuedAt ?? new Date(clock.now()));
    return {
      ...(generation.issuer && { iss: origin() }),
      sub: agent.agentId,
      aud: overrides.audience ?? (binding ? 'lime-binding' : 'lime-site-login'),
      [binding ? 'binding_id' : 'request_id']: randomUUID(),
      ...generation.claims(agent),
      iat,
      exp:
        overrides.expiresAt === undefined
          ? iat + (overrides.ttlSeconds ?? ttl)
          : secondsOf(overrides.expiresAt),
    };
  }
}

function secondsOf(time: Date | number): number {
  return typeof time === 'number' ? time : Math.floor(time.getTime() / 1000);
}
