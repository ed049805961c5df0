import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import type { LimeClusterStatus } from './interfaces/cluster.interface.js';
import { LimeError } from './errors/index.js';
import type { BindingRequestResult, LoginRequestResult } from './interfaces/requests.interface.js';
import type {
  LimeLoginEvent,
  LimeLoginFailure,
  LimeLoginRejection,
} from './interfaces/login-events.interface.js';
import type { LimeLoginHandler } from './interfaces/login-events.interface.js';
import type { LimeStats } from './interfaces/stats.interface.js';
import type {
  BindingPassportClaims,
  PassportVerificationResult,
} from './interfaces/passport-claims.interface.js';
import type { LimeConnection } from './interfaces/connection.interface.js';
import { whenBootstrapped } from './explorers/bootstrap.js';
import type { EventEmitterBridge } from './explorers/event-emitter.bridge.js';
import type { LoginHandlerExplorer } from './explorers/login-handler.explorer.js';
import type { LimeSite } from './lime-site.js';

/**
 * A site that accepts logins by AI agents. A singleton: it holds the site's one event stream, from
 * `onApplicationBootstrap` to `onModuleDestroy`.
 */
@Injectable()
export class LimeSiteService
  implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly #site: LimeSite;
  readonly #explorer: LoginHandlerExplorer;
  readonly #applicationEvents: EventEmitterBridge;
  readonly #modules: ModulesContainer;

  /** @internal Provided by `LimeSitesModule`. */
  constructor(
    site: LimeSite,
    explorer: LoginHandlerExplorer,
    applicationEvents: EventEmitterBridge,
    modules: ModulesContainer,
  ) {
    this.#site = site;
    this.#explorer = explorer;
    this.#applicationEvents = applicationEvents;
    this.#modules = modules;
  }

  /**
   * What this process hears: each outcome once, after its passport was verified. Hot; completes at shutdown, never
   * errors. For work that must be done once a login, and may fail, use `@OnLimeLogin()`.
   */
  get loginEvents$(): Observable<LimeLoginEvent> {
    return this.#site.dispatcher.events$;
  }

  /** Approvals whose passport did not verify. Hot; completes at shutdown, never errors. */
  get rejections$(): Observable<LimeLoginRejection> {
    return this.#site.dispatcher.rejections$;
  }

  /**
   * Logins whose handlers failed for good: after their one run, or in a cluster after the last try (on the replica that
   * made it). Hot; completes at shutdown, never errors.
   */
  get failures$(): Observable<LimeLoginFailure> {
    return this.#site.dispatcher.failures$;
  }

  /** How this replica stands with the others; `undefined` without the option `cluster`. */
  get cluster(): LimeClusterStatus | undefined {
    return this.#site.member?.status;
  }

  /** How the event stream stands now. */
  get connection(): LimeConnection {
    return this.#site.stream.connection;
  }

  /** How the event stream stands, then each change. Completes at shutdown, never errors. */
  get connection$(): Observable<LimeConnection> {
    return this.#site.stream.connection$;
  }

  /** Counters since the start; a copy. */
  get stats(): LimeStats {
    return { ...this.#site.dispatcher.stats };
  }

  /**
   * Starts a login. Hand the `requestId` to the agent; the outcome comes to `@OnLimeLogin()`, by `expiresAt` at the
   * latest (and a moment). Waits for the event stream first (`streamWaitMs`): what happens before it is open is lost.
   * @throws {LimeError} `STREAM_UNAVAILABLE` no stream in time; `CLUSTER_UNAVAILABLE` no cluster in time; `TIMEOUT`, `NETWORK_ERROR`, `TLS_REFUSED`,
   * `UNEXPECTED_REDIRECT`, `UNEXPECTED_RESPONSE` no usable answer.
   * @throws {AuthenticationError} LIME refuses the site token.
   * @throws {RateLimitError} too many calls, after `maxRetries` retries.
   * @throws {ApiError} anything else LIME says.
   */
  createLoginRequest(): Promise<LoginRequestResult> {
    return this.#site.createLoginRequest();
  }

  /**
   * The status of a login request on the platform now. To hear how a login ends, use {@link outcomeOf}.
   * @throws {LimeError} as {@link createLoginRequest}; `ApiError` `SITE_LOGIN_REQUEST_NOT_FOUND` for an unknown id.
   */
  getLoginRequest(requestId: string): Promise<LoginRequestResult> {
    return this.#site.getLoginRequest(requestId);
  }

  /**
   * Starts a binding: the hosted page where a user of the site picks an agent. Store `bindingId` with your user, then
   * redirect the browser to `connectUrl`. It comes back to `redirectUri` with `?binding_code=`; see `BindingPassportGuard`.
   * @param options where the browser goes when that is done.
   * @param options.redirectUri absolute URL of your callback.
   * @throws {LimeError} `INVALID_ARGUMENT` for a URL that is not absolute, and as {@link createLoginRequest}.
   */
  async createBindingRequest({
    redirectUri,
  }: {
    redirectUri: string;
  }): Promise<BindingRequestResult> {
    return this.#site.createBindingRequest(redirectUri);
  }

  /**
   * Exchanges the one-time code of a binding callback (`?binding_code=`) and verifies the passport that comes back.
   * `BindingPassportGuard` does this for a route. A code is sent once: LIME repeats an exchange only after 408, 429 and 503. Codes
   * that LIME does not confirm use up an allowance of 50 exchanges, which refills by one a second.
   * @returns the claims. `claims.binding_id` must be the id that you kept for **this** user.
   * @throws {ApiError} LIME refuses the code.
   * @throws {LimeError} `BINDING_CODE_USED`, `INVALID_ARGUMENT`; no usable answer: as {@link createLoginRequest}.
   * @throws {RateLimitError} `BINDING_EXCHANGE_LIMIT`
   * @throws {InvalidPassportError} as {@link verifyPassport}.
   */
  async exchangeBindingCode(
    code: string,
  ): Promise<PassportVerificationResult<BindingPassportClaims>> {
    return { valid: true, claims: await this.#site.exchangeBindingCode(code) };
  }

  /**
   * Verifies a login passport: RS256 with a key of the platform, audience `lime-site-login`, lifetime of at most 120 s.
   * Events and guards have done this already.
   * @param options.expectedRequestId the request it has to be for. Leave it out only where you compare
   * `claims.request_id` yourself: no claim names the site, so any other site can present passports of its own here.
   * @throws {InvalidPassportError} with a `code` that names the rule; `RequestExpiredError` when its time is over.
   * @throws {LimeError} `KEYS_UNAVAILABLE` when the platform's keys cannot be had; `INVALID_ARGUMENT` for an
   * `expectedRequestId` that is there, but undefined.
   */
  async verifyPassport(
    jwt: string,
    options: { expectedRequestId?: string } = {},
  ): Promise<PassportVerificationResult> {
    const { expectedRequestId } = options;
    // The id of a session that is gone must not open what it was to close.
    if (expectedRequestId === undefined && 'expectedRequestId' in options) {
      throw new LimeError(
        'INVALID_ARGUMENT',
        'expectedRequestId is undefined: pass the id of the request, or leave it out on purpose',
      );
    }
    return {
      valid: true,
      claims: await this.#site.passports.verifyLogin(jwt, expectedRequestId),
    };
  }

  /**
   * Verifies a binding passport: audience `lime-binding`, lifetime of at most 60 s, a `binding_id`. Whether that
   * binding is yours is for you to compare, or for `BindingPassportGuard`.
   * @throws as {@link verifyPassport}.
   */
  async verifyBindingPassport(
    jwt: string,
  ): Promise<PassportVerificationResult<BindingPassportClaims>> {
    return { valid: true, claims: await this.#site.passports.verifyBinding(jwt) };
  }

  /**
   * Emits the outcome of a request once and completes, also when it came before the subscription (an approval within ten
   * minutes, an expiry at any time), so that a waiting page cannot miss it. Completes without a value at shutdown.
   */
  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return this.#site.dispatcher.requests.outcomeOf(requestId);
  }

  /**
   * Registers a function for every outcome, as `@OnLimeLogin()` does for a method.
   * @returns the function that removes it.
   */
  onLogin(handler: LimeLoginHandler): () => void {
    return this.#site.dispatcher.handlers.add({
      name: handler.name,
      handle: handler,
    });
  }

  /** @internal */
  onApplicationBootstrap(): void {
    this.#explorer.registerAll(this.#site.dispatcher.handlers);
    this.#applicationEvents.connect(this);
    // Handlers may need what a later hook sets up, and hooks may register handlers: no login is delivered before the last hook.
    const bootstrapped = whenBootstrapped(this.#modules);
    this.#site.start(bootstrapped);
    void bootstrapped.then(() => this.#warn());
  }

  /** @internal */
  async onModuleDestroy(): Promise<void> {
    await this.#site.stop();
  }

  /** @internal Only now: HTTP was served until here, and guards need keys. */
  async onApplicationShutdown(): Promise<void> {
    await this.#site.disconnect();
  }

  /** About what is allowed, but seldom meant. */
  #warn(): void {
    const { hasStream, dispatcher, logger, member } = this.#site;
    if (!hasStream && member) return; // the replicas with a stream share what they receive
    if (!hasStream) {
      logger.warn(
        'dispatcher is false, so this process hears of no logins: PassportGuard refuses what it did not start itself, except on ' +
          'routes with @PassportPolicy({ allowForeignLogins: true })',
      );
    } else if (!dispatcher.hasConsumers && !this.#applicationEvents.connected) {
      logger.warn(
        'Nobody listens for logins yet: add @OnLimeLogin() to a method of a provider or controller, or call onLogin()',
      );
    }
  }
}
