import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { HttpClient } from '../api/http-client.js';
import type { Clock } from '../common/clock.js';
import { createLimeLogger } from '../common/logger.js';
import { RootContext } from '../common/root-context.js';
import type { McpTokenClaims } from '../interfaces/passport-claims.interface.js';
import { PassportVerifier } from '../passport/passport-verifier.js';
import type { ResolvedMcpOptions } from './lime-mcp.options.js';

/** Verifies the access tokens of this MCP server. `McpTokenGuard` does it for a route. */
export class McpTokenVerifier implements OnApplicationBootstrap, OnApplicationShutdown {
  /** @internal */
  readonly options: ResolvedMcpOptions;
  readonly #verifier: PassportVerifier;
  readonly #http: HttpClient;

  /** @internal Provided by `LimeMcpModule`. */
  constructor(options: ResolvedMcpOptions, realClock: Clock) {
    this.options = options;
    const site = options.domain;
    const clock = new RootContext().bindClock(realClock);
    const http = new HttpClient({ ...options, site, clock });
    this.#http = http;
    const logger = createLimeLogger(McpTokenVerifier.name, []);
    this.#verifier = new PassportVerifier({ ...options, site, http, clock, logger });
  }

  /**
   * Verifies an access token: RS256 with a key of the platform, audience `mcp`, the domain of this server, lifetime of at most an hour,
   * and no claim of a passport.
   * @throws {InvalidPassportError} with a `code` that names the rule; `RequestExpiredError` for one that has expired.
   * @throws {LimeError} `KEYS_UNAVAILABLE` when the JWKS cannot be fetched.
   */
  verify(token: string): Promise<McpTokenClaims> {
    return this.#verifier.verifyMcpToken(token, this.options.domain);
  }

  /** @internal Returns at once: LIME being out of reach must not keep an application from starting. */
  onApplicationBootstrap(): void {
    void this.#verifier.warm();
  }

  /** @internal HTTP is served until here. */
  async onApplicationShutdown(): Promise<void> {
    this.#verifier.close();
    await this.#http.destroy();
  }
}
