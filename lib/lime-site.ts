import type { Dispatcher } from 'undici';
import { BindingExchange } from './api/binding-exchange.js';
import type { BindingRequestResult, LoginRequestResult } from './interfaces/requests.interface.js';
import { LimeApi } from './api/lime-api.js';
import type { LimeClusterMember } from './interfaces/cluster.interface.js';
import { LimeError, redact } from './errors/index.js';
import { createAgent, HttpClient } from './api/http-client.js';
import { LoginDesk } from './dispatcher/login-desk.js';
import type { BindingPassportClaims } from './interfaces/passport-claims.interface.js';
import { PassportVerifier } from './passport/passport-verifier.js';
import type { Clock } from './common/clock.js';
import type { LimeLogger } from './common/logger.js';
import { EventStream } from './stream/event-stream.js';
import { StreamGate } from './stream/stream-gate.js';
import type { ResolvedOptions } from './lime-sites.options.js';
import { SiteMemory } from './dispatcher/site-memory.js';

/** One site at work: puts the rooms together, starts them, and stops them in the right order. */
export class SiteRuntime {
  readonly passports: PassportVerifier;
  readonly memory: SiteMemory;
  readonly desk: LoginDesk;
  readonly stream: EventStream;
  readonly #options: ResolvedOptions;
  readonly #ownAgent: Dispatcher | undefined;
  readonly #api: LimeApi;
  readonly #exchange: BindingExchange;
  readonly #gate: StreamGate;

  /**
   * @param site the name of the site.
   * @param member this replica's part in the cluster, if the site has one.
   */
  constructor(
    site: string,
    options: ResolvedOptions,
    clock: Clock,
    readonly logger: LimeLogger,
    readonly member?: LimeClusterMember,
  ) {
    const { baseUrl, siteToken, httpClient } = options;
    this.#options = options;
    const dispatcher = httpClient ?? createAgent();
    this.#ownAgent = httpClient ? undefined : dispatcher;
    const http = new HttpClient({ site, baseUrl, siteToken, dispatcher, clock });
    const shared = { ...options, site, http, clock, logger, member, random: Math.random };

    this.#api = new LimeApi(shared);
    this.#exchange = new BindingExchange({ api: this.#api, clock, logger });
    this.passports = new PassportVerifier(shared);
    this.memory = new SiteMemory(shared);
    this.desk = new LoginDesk({
      ...shared,
      verify: (passport, requestId) => this.passports.verifyLogin(passport, requestId),
      statusOf: async (requestId) => (await this.#api.getLoginRequest(requestId)).status,
      reasonOf: (error) => redact(String(error), [siteToken.reveal()]),
    });
    this.stream = new EventStream({ ...shared, consumer: this.desk });
    this.#gate = new StreamGate(this.stream, clock);
  }

  get eventEmitter(): ResolvedOptions['eventEmitter'] {
    return this.#options.eventEmitter;
  }

  /** Whether there is an event stream at all. */
  get listens(): boolean {
    return this.#options.dispatcher;
  }

  /** Returns at once: LIME being out of reach must not keep an application from starting. */
  start(): void {
    void this.passports.warm();
    this.desk.joinIn(this.listens);
    if (!this.listens) return;
    let opened = false;
    this.stream.connection$.subscribe(({ state, attempt }) => {
      if (state !== 'open' || attempt > 0) return;
      if (opened) this.desk.stats.reconnects++;
      opened = true;
      this.desk.streamOpened();
    });
    this.stream.start();
  }

  /** Ends the stream at once, then waits for the handlers in flight. Verification keeps working. */
  async stop(): Promise<void> {
    this.#api.close();
    await this.stream.stop();
    await this.desk.close();
    this.memory.stop();
  }

  /** Lets go of the connections. An agent that the application brought stays open. */
  async disconnect(): Promise<void> {
    this.passports.close();
    await Promise.all([this.#ownAgent?.destroy(), this.member?.close()]);
  }

  async createLoginRequest(): Promise<LoginRequestResult> {
    const { streamWaitMs } = this.#options;
    if (streamWaitMs > 0) await this.#whenReady(streamWaitMs);
    const { since } = this.stream.connection;
    const request = await this.#api.createLoginRequest();
    const { requestId, expiresAt } = request;
    if (this.listens) this.desk.expect(requestId, expiresAt);
    else this.memory.keep('login', requestId, expiresAt); // its outcome goes to a service that listens
    await this.memory.share('login', requestId, expiresAt);
    if (!this.listens) return request;
    // The stream may have been away in between, and what it missed was asked for before this request was known here.
    const { state, since: now } = this.stream.connection;
    if (state === 'open' && now !== since) this.desk.streamOpened();
    return request;
  }

  /**
   * Whether this site started the login, or received its outcome.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE`: this process did not, and the others cannot be asked.
   */
  knowsRequest(requestId: string): boolean | Promise<boolean> {
    return this.desk.knows(requestId) || this.memory.knows('login', requestId);
  }

  async getLoginRequest(requestId: string): Promise<LoginRequestResult> {
    const { status, expiresAt = this.desk.expiryOf(requestId) } =
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
    this.memory.keep('binding', request.bindingId, request.expiresAt);
    await this.memory.share('binding', request.bindingId, request.expiresAt);
    return request;
  }

  /** @param expectedBindingId the binding that the passport must be for. */
  async exchangeBindingCode(
    code: string,
    expectedBindingId?: string,
  ): Promise<BindingPassportClaims> {
    return this.passports.verifyBinding(await this.#exchange.exchange(code), expectedBindingId);
  }

  /** What would be lost without a stream, or without a cluster that takes it, is not started. */
  async #whenReady(waitMs: number): Promise<void> {
    await Promise.all([
      this.listens ? this.#gate.whenOpen(waitMs) : undefined,
      this.member?.whenUp(waitMs),
    ]);
  }
}
