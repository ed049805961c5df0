import type { KeyObject } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { Clock } from '../common/clock.js';
import { TtlMap } from '../common/ttl-map.js';
import type {
  CommonPassportClaims,
  McpTokenClaims,
} from '../interfaces/passport-claims.interface.js';

/** A token takes about 2 KiB. */
const MAX_TOKENS = 10_000;
/** A passport lives for two minutes (LIME); an access token that lives longer is verified again after this. */
const TTL_MS = 10 * 60_000;
/**
 * The last 256 bits of the signature, which a forger cannot choose, find a token; then it is compared whole. With the whole token as the
 * key V8 would hash all of it: the same passport again would cost 1.6 µs instead of 0.75 µs (Node 20).
 */
const KEY_LENGTH = 43;

/** The claims of each kind of token; which kind it is, is not verified yet. */
export type TokenClaims = CommonPassportClaims | McpTokenClaims;

/** A token whose signature was verified. */
export class VerifiedToken {
  /** For reading only: the cache returns the same object again. */
  readonly claims: Readonly<TokenClaims>;
  /** Real passports have flat claims, which cost a fiftieth of a deep copy. */
  readonly #isFlat: boolean;

  /** @param claims as signed. `agent_id` is overwritten, and `user_id` filled in on platforms of June 2026. */
  constructor(
    readonly jwt: string,
    readonly kid: string,
    readonly key: KeyObject,
    claims: JWTPayload,
  ) {
    claims['agent_id'] = claims.sub;
    const userId = claims['user_id'] ?? claims['owner_id'] ?? undefined;
    if (userId !== undefined) claims['user_id'] = userId;
    this.claims = claims as TokenClaims;
    this.#isFlat = Object.values(claims).every((claim) => Object(claim) !== claim);
  }

  /** A deep copy of the claims, so that callers cannot change them for each other. */
  copyClaims(): TokenClaims {
    return { ...(this.#isFlat ? this.claims : structuredClone(this.claims)) };
  }
}

/**
 * Caches verified tokens, because a passport may come with every request. Callers still have to check the claims: only the
 * signature stays good.
 */
export class VerifiedTokenCache {
  readonly #tokens: TtlMap<VerifiedToken>;
  readonly #currentKey: (kid: string) => KeyObject | undefined;

  /** @param currentKey finds the key of a key id in the JWKS of now. A token of another key is a miss. */
  constructor(clock: Clock, currentKey: (kid: string) => KeyObject | undefined) {
    this.#tokens = new TtlMap(clock, MAX_TOKENS);
    this.#currentKey = currentKey;
  }

  get(jwt: unknown): VerifiedToken | undefined {
    if (typeof jwt !== 'string') return undefined;
    const token = this.#tokens.get(jwt.slice(-KEY_LENGTH));
    const isCurrent = token?.jwt === jwt && this.#currentKey(token.kid) === token.key;
    return isCurrent ? token : undefined;
  }

  add(token: VerifiedToken): void {
    this.#tokens.set(token.jwt.slice(-KEY_LENGTH), token, TTL_MS);
  }
}
