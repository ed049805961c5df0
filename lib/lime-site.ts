import { BindingExchange } from './api/binding-exchange.js';
import { HttpClient } from './api/http-client.js';
import { LimeApi } from './api/lime-api.js';
import type { Clock } from './common/clock.js';
import type { LimeLogger } from './common/logger.js';
import { RootContext } from './common/root-context.js';
import { Dispatcher } from './dispatcher/dispatcher.js';
import { readPendingLogins } from './dispatcher/pending-logins.js';
import { CheckedStore, SiteStore } from './dispatcher/site-store.js';
import { LimeError } from './errors/index.js';
import type { LimeClusterMember } from './interfaces/cluster.interface.js';
import type { BindingPassportClaims } from './interfaces/passport-claims.interface.js';
import type {
  BindingRequestResult,
  LoginRequestResult,
  PendingLogin,
} from './interfaces/requests.interface.js';
import type { ResolvedOptions } from './lime-sites.options.js';
import { PassportVerifier } from './passport/passport-verifier.js';
import { EventStream } from './stream/event-stream.js';

/** A guard remembers the login of a verified approval this long; the passport lives for two minutes at most (LIME). */
const APPROVED_LOGIN_MS = 120_000;

/** One site at work: builds its parts, starts them, and stops them in order. */
export class LimeSite {
  readonly passports: PassportVerifier;
  readonly store: SiteStore;
  readonly dispatcher: Dispatcher;
  readonly stream: EventStream;
  readonly #options: ResolvedOptions;
  readonly #http: HttpClient;
  readonly #api: LimeApi;
  readonly #exchange: BindingExchange;

  /**
   * @param name the name of the site.
   * @param member this replica in the cluster, if the site has one.
   */
  constructor(
    name: string,
    options: ResolvedOptions,
    realClock: Clock,
    readonly logger: LimeLogger,
    readonly member?: LimeClusterMember,
  ) {
    const site = name;
    const secrets = [options.siteToken.reveal()];
    const root = new RootContext();
    const clock = root.bindClock(realClock);
    this.#options = options;
    const http = new HttpClient({ ...options, site, clock });
    this.#http = http;
    const shared = { ...options, site, http, clock, logger, secrets, random: Math.random };

    this.#api = new LimeApi(shared);
    this.passports = new PassportVerifier(shared);
    const whenVerifiable = () => this.passports.ready();
    this.#exchange = new BindingExchange({ api: this.#api, whenVerifiable, clock, logger });
    const { store } = options;
    const stored = store && new CheckedStore(store, shared);
    this.store = new SiteStore({ ...shared, root, shared: stored ?? member });
    this.dispatcher = new Dispatcher({
      ...shared,
      root,
      member,
      verify: (passport, requestId) => this.passports.verifyLogin(passport, requestId),
      statusOf: async (requestId) => (await this.#api.getLoginRequest(requestId)).status,
      onApproved: (requestId) => this.#onApproved(requestId, clock.now()),
    });
    this.stream = new EventStream({ ...shared, consumer: this.dispatcher });
  }

  get eventEmitter(): ResolvedOptions['eventEmitter'] {
    return this.#options.eventEmitter;
  }

  /** What the guards of the site read. */
  get guardOptions(): Pick<ResolvedOptions, 'toUser' | 'challenge'> {
    return this.#options;
  }

  /** Whether the site has an event stream. */
  get hasStream(): boolean {
    return this.#options.dispatcher;
  }

  /**
   * Returns at once: LIME being out of reach must not keep an application from starting.
   * @param whenStarted resolves when the application has started; no login is delivered before.
   */
  start(whenStarted: Promise<void>): void {
    void this.passports.warm();
    this.dispatcher.start(this.hasStream, whenStarted);
    if (!this.hasStream) return;
    let opened = false;
    this.stream.connection$.subscribe(({ state, attempt }) => {
      if (state !== 'open' || attempt > 0) return;
      if (opened) this.dispatcher.stats.reconnects++;
      opened = true;
      this.dispatcher.recoverMissed();
    });
    this.stream.start();
  }

  /** Closes the stream at once, then waits for the handlers in flight. Verification keeps working. */
  async stop(): Promise<void> {
    this.#api.close();
    await this.stream.stop();
    await this.dispatcher.close();
    this.store.stop();
  }

  /** Closes the connections. An agent that the application passed in stays open. */
  async disconnect(): Promise<void> {
    this.passports.close();
    await Promise.all([this.#http.destroy(), this.member?.close()]);
  }

  async createLoginRequest(): Promise<LoginRequestResult> {
    await this.#whenReady();
    const { since } = this.stream.connection;
    const request = await this.#api.createLoginRequest();
    const { requestId, expiresAt } = request;
    if (this.hasStream) this.dispatcher.expect(requestId, expiresAt);
    await this.store.remember('login', requestId, expiresAt);
    if (!this.hasStream) return request;
    // The stream may have reconnected in between, and recovered before this request was known here.
    const { state, since: now } = this.stream.connection;
    if (state === 'open' && now !== since) this.dispatcher.recoverMissed();
    return request;
  }

  /** @throws {LimeError} `INVALID_ARGUMENT`, after the valid ones were resumed. */
  resumeLogins(requests: Iterable<PendingLogin>): void {
    const { valid, error } = readPendingLogins(requests);
    this.store.rememberLogins(valid);
    if (this.hasStream) {
      for (const { requestId, expiresAt } of valid) this.dispatcher.expect(requestId, expiresAt);
      if (this.stream.connection.state === 'open') this.dispatcher.recoverMissed();
    }
    if (error) throw error;
  }

  async getLoginRequest(requestId: string): Promise<LoginRequestResult> {
    const { status, expiresAt = this.#expiryOf(requestId) } =
      await this.#api.getLoginRequest(requestId);
    if (expiresAt) return { requestId, status, expiresAt };
    throw new LimeError(
      'UNEXPECTED_RESPONSE',
      `LIME answered for ${requestId} without expires_at, and this process did not create the request`,
      { detail: { field: 'expires_at', status } },
    );
  }

  async createBindingRequest(redirectUri: string): Promise<BindingRequestResult> {
    const request = await this.#api.createBindingRequest(redirectUri);
    await this.store.remember('binding', request.bindingId, request.expiresAt);
    return request;
  }

  /** @param expectedBindingId the binding that the passport must be for. */
  async exchangeBindingCode(
    code: string,
    expectedBindingId?: string,
  ): Promise<BindingPassportClaims> {
    return this.passports.verifyBinding(await this.#exchange.exchange(code), expectedBindingId);
  }

  /** Guards accept the passport from now on. */
  #onApproved(requestId: string, now: number): void {
    const until = new Date(now + APPROVED_LOGIN_MS);
    const isStored = this.store.keeps('login', requestId) || !this.#options.store;
    if (isStored) this.store.keep('login', requestId, until);
    else void this.store.remember('login', requestId, until); // another process created it
  }

  #expiryOf(requestId: string): Date | undefined {
    const expiresAt = this.dispatcher.requests.pending.get(requestId);
    return expiresAt === undefined ? undefined : new Date(expiresAt);
  }

  /**
   * Without a stream, or without a cluster that accepts it, the outcome of a login would be lost. With `streamWaitMs` 0 the
   * application takes that risk, but at shutdown it is a certainty.
   */
  async #whenReady(): Promise<void> {
    const { streamWaitMs: waitMs } = this.#options;
    const isClosed = this.stream.connection.state === 'closed';
    if (waitMs === 0 && !isClosed) return;
    await Promise.all([
      this.hasStream ? this.stream.whenOpen(waitMs) : undefined,
      this.member?.whenUp(waitMs),
    ]);
  }
}
