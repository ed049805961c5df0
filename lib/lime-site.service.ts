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
import type {
  BindingRequestResult,
  LoginRequestResult,
  PendingLogin,
} from './interfaces/requests.interface.js';
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
 * `onApplicationBootstrap` to `onModuleDestroy`. No login is delivered before the last bootstrap hook of the application has ended.
 */
@Injectable()
export class LimeSiteService
  implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown
{
  readonly #site: LimeSite;
  readonly #explorer: LoginHandlerExplorer;
  readonly #eventEmitter: EventEmitterBridge;
  readonly #modules: ModulesContainer;

  /** @internal Provided by `LimeSitesModule`. */
  constructor(
    site: LimeSite,
    explorer: LoginHandlerExplorer,
    eventEmitter: EventEmitterBridge,
    modules: ModulesContainer,
  ) {
    this.#site = site;
    this.#explorer = explorer;
    this.#eventEmitter = eventEmitter;
    this.#modules = modules;
  }

  /**
   * The outcomes that this process receives, each once, after its passport was verified. Hot; completes at shutdown, never
   * errors. For work that must be done once for each login and may fail, use `@OnLimeLogin()`.
   */
  get loginEvents$(): Observable<LimeLoginEvent> {
    return this.#site.dispatcher.events$;
  }

  /** Approvals whose passport did not verify. Hot; completes at shutdown, never errors. */
  get rejections$(): Observable<LimeLoginRejection> {
    return this.#site.dispatcher.rejections$;
  }

  /**
   * Logins whose handlers failed for good: at their one invocation, or in a cluster after the last retry (on the replica that
   * made it). Hot; completes at shutdown, never errors.
   */
  get failures$(): Observable<LimeLoginFailure> {
    return this.#site.dispatcher.failures$;
  }

  /** The connection of this replica to the cluster; `undefined` without the option `cluster`. */
  get cluster(): LimeClusterStatus | undefined {
    return this.#site.member?.status;
  }

  /** The state of the event stream. */
  get connection(): LimeConnection {
    return this.#site.stream.connection;
  }

  /** The state of the event stream, then each change. Completes at shutdown, never errors. */
  get connection$(): Observable<LimeConnection> {
    return this.#site.stream.connection$;
  }

  /** Counters since the start; a copy. */
  get stats(): LimeStats {
    return { ...this.#site.dispatcher.stats };
  }

  /**
   * Starts a login. Hand the `requestId` to the agent; `@OnLimeLogin()` gets the outcome, at the latest a moment after `expiresAt`.
   * Waits for the event stream first (`streamWaitMs`): an outcome that LIME sends before it is open is lost.
   * @throws {LimeError} `STREAM_UNAVAILABLE`, `CLUSTER_UNAVAILABLE`: no stream, or no cluster, in time. `SHUTTING_DOWN`. `TIMEOUT`,
   * `NETWORK_ERROR`, `TLS_REFUSED`, `UNEXPECTED_REDIRECT`, `UNEXPECTED_RESPONSE`: no usable answer.
   * @throws {AuthenticationError} LIME refuses the site token.
   * @throws {RateLimitError} too many calls, after `maxRetries` retries.
   * @throws {ApiError} any other error that LIME answers with.
   */
  createLoginRequest(): Promise<LoginRequestResult> {
    return this.#site.createLoginRequest();
  }

  /**
   * Takes over logins that an earlier process of this site created and that have no outcome yet, for example from your database. From now
   * on they count as created here: guards know them, they expire in time, and once the event stream is open the module asks LIME what
   * happened meanwhile, 50 requests a second. An approval that no process received counts as `expired`, because LIME sends a passport once.
   * Call it before or after the start, best in a constructor or `onModuleInit()`; the same login twice is one.
   * @param requests any iterable of `{ requestId, expiresAt }`.
   * @throws {LimeError} `INVALID_ARGUMENT` names what is wrong. The other logins are resumed all the same.
   */
  resumeLogins(requests: Iterable<PendingLogin>): void {
    this.#site.resumeLogins(requests);
  }

  /**
   * Fetches the status of a login request on the platform. For the outcome of a login use {@link outcomeOf}.
   * @throws {LimeError} as {@link createLoginRequest}; `ApiError` `SITE_LOGIN_REQUEST_NOT_FOUND` for an unknown id.
   */
  getLoginRequest(requestId: string): Promise<LoginRequestResult> {
    return this.#site.getLoginRequest(requestId);
  }

  /**
   * Starts a binding: the hosted page where a user of the site picks an agent. Store `bindingId` with your user, then
   * redirect the browser to `connectUrl`. It comes back to `redirectUri` with `?binding_code=`; see `BindingPassportGuard`.
   * @param options where the browser goes afterwards.
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
   * @throws {LimeError} `BINDING_CODE_USED`, `INVALID_ARGUMENT`; `KEYS_UNAVAILABLE`, which does not use up the code; no usable answer: as {@link createLoginRequest}.
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
   * Events and guards do this themselves.
   * @param options.expectedRequestId the request it has to be for. Leave it out only where you compare
   * `claims.request_id` yourself: no claim names the site, so any other site can present passports of its own here.
   * @throws {InvalidPassportError} with a `code` that names the rule; `RequestExpiredError` for one that has expired.
   * @throws {LimeError} `KEYS_UNAVAILABLE` when the JWKS cannot be fetched; `INVALID_ARGUMENT` for an
   * `expectedRequestId` that is given, but undefined.
   */
  async verifyPassport(
    jwt: string,
    options: { expectedRequestId?: string } = {},
  ): Promise<PassportVerificationResult> {
    const { expectedRequestId } = options;
    // A session that has ended has no id, and must not let every passport in.
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
   * Emits the outcome of a request once and completes, also when it arrived up to ten minutes before the subscription, so that a
   * waiting page cannot miss it. Completes without a value at shutdown, and for a request that this site neither created nor resumed:
   * the module asks LIME once, and ends the wait 3 s after LIME has answered that it does not have the request or that it was approved
   * (another process received that), and after ten minutes at the latest.
   */
  outcomeOf(requestId: string): Observable<LimeLoginEvent> {
    return this.#site.dispatcher.requests.outcomeOf(requestId);
  }

  /**
   * Registers a function for every outcome, as `@OnLimeLogin()` does for a method.
   * @returns the function that removes it.
   * @throws {LimeError} `HANDLER_NAME`: with the option `cluster` it needs a name, and one of its own.
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
    // Handlers may need what a later hook sets up, and hooks may register handlers: no login is delivered before the last hook.
    const whenStarted = whenBootstrapped(this.#modules);
    this.#eventEmitter.connect(this, whenStarted);
    this.#site.start(whenStarted);
    void whenStarted.then(() => this.#warn());
  }

  /** @internal */
  async onModuleDestroy(): Promise<void> {
    await this.#site.stop();
  }

  /** @internal HTTP is served until here, and its guards fetch the JWKS. */
  async onApplicationShutdown(): Promise<void> {
    await this.#site.disconnect();
  }

  /** Warns of what is allowed, but seldom meant. */
  #warn(): void {
    const { hasStream, dispatcher, logger, member } = this.#site;
    if (!hasStream && member) return; // the replicas with a stream share what they receive
    if (!hasStream) {
      logger.warn(
        'dispatcher is false, so this process receives no logins: PassportGuard accepts only logins that this process created, except on ' +
          'routes with @PassportPolicy({ allowForeignLogins: true })',
      );
    } else if (!dispatcher.hasConsumers && !this.#eventEmitter.connected) {
      logger.warn(
        'No login handler yet: add @OnLimeLogin() to a method of a provider or controller, or call onLogin()',
      );
    }
  }
}
