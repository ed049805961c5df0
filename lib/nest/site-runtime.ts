import type { Dispatcher } from 'undici';
import {
  ApiClient,
  type BindingRequestResult,
  LimeApi,
  type LoginRequestResult,
} from '../api/index.js';
import { LimeError } from '../errors/index.js';
import { createAgent, HttpTransport } from '../http/index.js';
import { LoginDesk } from '../login/index.js';
import { KnownIds, Passports, UsedPassports } from '../passport/index.js';
import type { Clock, LimeLogger } from '../ports/index.js';
import { EventStream, StreamGate } from '../stream/index.js';
import type { ResolvedOptions } from './resolve-options.js';

/** One site at work: puts the rooms together, starts them, and stops them in the right order. */
export class SiteRuntime {
  readonly passports: Passports;
  readonly bindings: KnownIds;
  readonly used: UsedPassports;
  readonly desk: LoginDesk;
  readonly stream: EventStream;
  readonly #options: ResolvedOptions;
  readonly #ownAgent: Dispatcher | undefined;
  readonly #api: LimeApi;
  readonly #gate: StreamGate;
  /** Requests created here whose outcome goes elsewhere. */
  readonly #created: KnownIds;

  constructor(
    options: ResolvedOptions,
    clock: Clock,
    readonly logger: LimeLogger,
  ) {
    const { baseUrl, siteToken, httpClient } = options;
    this.#options = options;
    const dispatcher = httpClient ?? createAgent();
    this.#ownAgent = httpClient ? undefined : dispatcher;
    const transport = new HttpTransport({ baseUrl, siteToken, dispatcher, clock });
    const shared = { ...options, transport, clock, logger, random: Math.random };

    this.#api = new LimeApi(new ApiClient(shared));
    this.passports = new Passports(shared);
    this.bindings = new KnownIds(clock);
    this.#created = new KnownIds(clock);
    this.used = new UsedPassports(clock);
    this.desk = new LoginDesk({
      ...shared,
      verify: (passport, requestId) => this.passports.verifyLogin(passport, requestId),
      statusOf: async (requestId) => (await this.#api.getLoginRequest(requestId)).status,
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
    await this.stream.stop();
    await this.desk.close();
  }

  /** Lets go of the connections. An agent that the application brought stays open. */
  async disconnect(): Promise<void> {
    this.passports.close();
    await this.#ownAgent?.destroy();
  }

  async createLoginRequest(): Promise<LoginRequestResult> {
    const { streamWaitMs } = this.#options;
    if (this.listens && streamWaitMs > 0) await this.#gate.whenOpen(streamWaitMs);
    const { since } = this.stream.connection;
    const request = await this.#api.createLoginRequest();
    if (!this.listens) {
      this.#created.add(request.requestId, request.expiresAt); // its outcome goes to the service that listens
      return request;
    }
    this.desk.expect(request.requestId, request.expiresAt);
    // The stream may have been away in between, and what it missed was asked for before this request was known here.
    const { state, since: now } = this.stream.connection;
    if (state === 'open' && now !== since) this.desk.streamOpened();
    return request;
  }

  /** Whether this site started the login, or received its outcome. */
  knowsRequest(requestId: string): boolean {
    return this.desk.knows(requestId) || this.#created.has(requestId);
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
    this.bindings.add(request.bindingId, request.expiresAt);
    return request;
  }
}
