import type { HttpClient } from '../api/http-client.js';
import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { verifyChannel } from '../diagnostics/channels.js';
import { traced } from '../diagnostics/operation.js';
import type {
  BindingPassportClaims,
  McpTokenClaims,
  PassportClaims,
} from '../interfaces/passport-claims.interface.js';
import { JwksCache } from './jwks-cache.js';
import { JwsParser, readSignedClaims } from './jws.js';
import {
  BINDING_PASSPORT,
  LOGIN_PASSPORT,
  MCP_TOKEN,
  PassportRules,
  type PassportRulesOptions,
  type TokenKind,
} from './passport-rules.js';
import { type TokenClaims, VerifiedToken, VerifiedTokenCache } from './verified-token-cache.js';

export interface PassportVerifierOptions extends PassportRulesOptions {
  /** The name of the site. */
  site: string;
  http: HttpClient;
  /** Per fetch of the JWKS, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/** Verifies passports and MCP access tokens: form, algorithm, key, signature, claims. */
export class PassportVerifier {
  readonly #site: string;
  readonly #clock: Clock;
  readonly #jwks: JwksCache;
  readonly #parser = new JwsParser();
  readonly #rules: PassportRules;
  readonly #verified: VerifiedTokenCache;

  constructor(options: PassportVerifierOptions) {
    this.#site = options.site;
    this.#clock = options.clock;
    this.#jwks = new JwksCache(options);
    this.#rules = new PassportRules(options);
    this.#verified = new VerifiedTokenCache(options.clock, (kid) => this.#jwks.peek(kid));
  }

  /** Fetches the JWKS ahead of the first passport. Never rejects. */
  warm(): Promise<void> {
    return this.#jwks.reload();
  }

  /** Makes sure that there are keys to verify with. @throws {LimeError} `KEYS_UNAVAILABLE` */
  ready(): Promise<void> {
    return this.#jwks.load();
  }

  /** Call it before the connections are closed. */
  close(): void {
    this.#jwks.close();
  }

  /**
   * Verifies a login passport.
   * @param expectedId the request that it must be for; without it, any request passes, also one of another site.
   * @throws {InvalidPassportError} the passport broke a rule; `RequestExpiredError` after its lifetime.
   * @throws {LimeError} `KEYS_UNAVAILABLE`
   */
  verifyLogin(jwt: string, expectedId?: string): Promise<PassportClaims> {
    return this.#verify<PassportClaims>(jwt, LOGIN_PASSPORT, expectedId);
  }

  /**
   * Verifies a binding passport.
   * @param expectedId the binding that it must be for; without it, any binding passes, also one of another site.
   * @throws as {@link verifyLogin}.
   */
  verifyBinding(jwt: string, expectedId?: string): Promise<BindingPassportClaims> {
    return this.#verify<BindingPassportClaims>(jwt, BINDING_PASSPORT, expectedId);
  }

  /**
   * Verifies an MCP access token.
   * @param domain the MCP server that it must be for.
   * @throws as {@link verifyLogin}.
   */
  verifyMcpToken(jwt: string, domain: string): Promise<McpTokenClaims> {
    return this.#verify<McpTokenClaims>(jwt, MCP_TOKEN, domain);
  }

  #verify<Claims extends TokenClaims>(
    jwt: string,
    kind: TokenKind,
    expectedId: string | undefined,
  ): Promise<Claims> {
    return traced(
      verifyChannel,
      () => ({ site: this.#site, kind: kind.kind }),
      async () => {
        const token = this.#verified.get(jwt) ?? (await this.#verifySignature(jwt));
        this.#rules.check(token.claims, kind, this.#clock.now(), expectedId);
        return token.copyClaims() as Claims;
      },
    );
  }

  async #verifySignature(jwt: string): Promise<VerifiedToken> {
    const jws = this.#parser.parse(jwt);
    const key = this.#jwks.peek(jws.kid) ?? (await this.#jwks.get(jws.kid));
    const token = new VerifiedToken(jwt, jws.kid, key, readSignedClaims(jws, key));
    this.#verified.add(token);
    return token;
  }
}
