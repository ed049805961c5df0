import type { JWK } from 'jose';
import type { SandboxActivityListener } from './activity.js';
import type { AgentProfile, RegisteredAgent } from './agent-registry.js';
import { type SandboxBinding, bindingSnapshot } from './bindings.js';
import { CallLog, type SandboxCall, type SandboxTarget } from './call-log.js';
import type { SandboxPlatform } from './generations.js';
import {
  type LoginRequestStatus,
  type SandboxLoginRequest,
  loginRequestSnapshot,
} from './login-requests.js';
import type {
  PassportClaimOverrides,
  PassportOverrides,
  TokenOverrides,
} from './passport-issuer.js';
import { Platform } from './platform.js';
import type { SandboxFaults } from './sandbox-faults.js';
import { type LimeSandboxOptions, resolveSandboxOptions } from './sandbox-options.js';
import { API_PREFIX, SandboxServer } from './sandbox-server.js';
import { SigningKeys } from './signing-keys.js';

/**
 * The LIME platform in one process, for tests and demos.
 *
 * @example
 * const lime = await LimeSandbox.start();
 * const app = await createApp(LimeSitesModule.forRoot(lime.moduleOptions()));
 * // …
 * await lime.approve(requestId);
 * await lime.stop();
 */
export class LimeSandbox {
  /** Makes the platform misbehave. */
  readonly faults: SandboxFaults;
  /** The default agent. `approve()` and `completeBinding()` act for it. */
  readonly agent: AgentProfile;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly backend: Platform,
    private readonly server: SandboxServer,
    private readonly log: CallLog,
    /** The TCP port it listens on. */
    readonly port: number,
  ) {
    this.faults = backend.faults;
    const { agentToken: _token, ...profile } = backend.agent;
    this.agent = profile;
  }

  /**
   * Starts the platform: makes a signing key, and listens on a port.
   * @throws SandboxError `SANDBOX_OPTIONS_INVALID`, or `SANDBOX_LISTEN_FAILED` when the port is not free.
   */
  static async start(options?: LimeSandboxOptions): Promise<LimeSandbox> {
    const resolved = resolveSandboxOptions(options);
    const backend = new Platform(resolved, await SigningKeys.create(resolved.signingKey));
    const log = new CallLog();
    const server = new SandboxServer(backend, log);
    const port = await server.listen(resolved.port, resolved.host);
    backend.origin = `http://${hostOf(resolved.host)}:${port}`;
    return new LimeSandbox(backend, server, log, port);
  }

  /** The generation of LIME. */
  get platform(): SandboxPlatform {
    return this.backend.options.platform;
  }

  /** `http://127.0.0.1:PORT/api/v1` */
  get baseUrl(): string {
    return this.backend.origin + API_PREFIX;
  }

  /** The console page, on which a person watches and controls the sandbox. */
  get consoleUrl(): string {
    return `${this.backend.origin}/`;
  }

  /** The only site token that the sandbox accepts (`X-Site-Token`). */
  get siteToken(): string {
    return this.backend.options.siteToken;
  }

  /** The token of the default agent (`X-Agent-Token`). */
  get agentToken(): string {
    return this.backend.options.agentToken;
  }

  /** Options for `LimeSitesModule.forRoot()`; before `2026-09` passports have no issuer to check. */
  moduleOptions(): { siteToken: string; baseUrl: string; issuer?: false } {
    const { siteToken, baseUrl } = this;
    return { siteToken, baseUrl, ...(!this.backend.generation.issuer && { issuer: false }) };
  }

  /** The same as environment variables. */
  env(): { LIME_SITE_TOKEN: string; LIME_API_BASE: string } {
    return { LIME_SITE_TOKEN: this.siteToken, LIME_API_BASE: this.baseUrl };
  }

  /** Adds an agent. Fields that the profile leaves out get random values. */
  addAgent(profile?: Partial<RegisteredAgent>): RegisteredAgent {
    return this.backend.addAgent(profile);
  }

  /** Snapshots of every login request, oldest first. */
  requests(): SandboxLoginRequest[] {
    return this.backend.requests.list().map(loginRequestSnapshot);
  }

  /** A snapshot of one login request. */
  request(requestId: string): SandboxLoginRequest | undefined {
    const record = this.backend.requests.find(requestId);
    return record && loginRequestSnapshot(record);
  }

  /** Snapshots of every binding request, oldest first. */
  bindings(): SandboxBinding[] {
    return this.backend.bindings.list().map(bindingSnapshot);
  }

  /** A snapshot of one binding request. */
  binding(bindingId: string): SandboxBinding | undefined {
    const record = this.backend.bindings.find(bindingId);
    return record && bindingSnapshot(record);
  }

  /** Creates a login request as another process of the site would, without an HTTP call. */
  createLoginRequest(): { requestId: string; expiresAt: Date } {
    const { id, expiresAt } = this.backend.createLoginRequest();
    return { requestId: id, expiresAt: new Date(expiresAt) };
  }

  /**
   * Approves as the default agent, without proof of work, and sends `approved`.
   * @param claims replaces members of the passport's payload; `undefined` removes one.
   * @throws SandboxError `SITE_LOGIN_REQUEST_NOT_FOUND`, or `SITE_LOGIN_CONFLICT` when it is no longer pending.
   */
  async approve(
    requestId: string,
    claims?: PassportClaimOverrides,
  ): Promise<{ requestId: string; passport: string; status: LoginRequestStatus }> {
    const { passport, status } = await this.backend.approve(requestId, this.agent, claims);
    return { requestId, passport, status };
  }

  /**
   * Ends a pending login request now and sends `expired`.
   * @throws SandboxError as {@link approve}.
   */
  expire(requestId: string): void {
    this.backend.expire(requestId);
  }

  /**
   * Connects the default agent, as the person on the connect page does.
   * @param claims replaces members of the binding passport's payload; `undefined` removes one.
   * @returns where the browser is sent, and the binding code in it. On `2026-07` the code is empty: the URL carries
   * the passport itself.
   * @throws SandboxError `BINDING_NOT_FOUND`, or `BINDING_CLOSED` when it is no longer pending.
   */
  completeBinding(
    bindingId: string,
    claims?: PassportClaimOverrides,
  ): Promise<{ callbackUrl: string; code: string }> {
    return this.backend.completeBinding(bindingId, this.agent, claims);
  }

  /**
   * Declines to connect an agent, as the person on the connect page can.
   * @returns where the browser is sent: the `redirect_uri`, unchanged. LIME's own answer to a declined binding is not public.
   * @throws SandboxError as {@link completeBinding}.
   */
  declineBinding(bindingId: string): { callbackUrl: string } {
    return this.backend.declineBinding(bindingId);
  }

  /** Signs a passport of the default agent: by default a valid login passport. */
  signPassport(claims?: PassportClaimOverrides, overrides?: PassportOverrides): Promise<string> {
    return this.backend.issuer.issue(this.agent, claims, overrides);
  }

  /**
   * Signs an access token with which the default agent calls the MCP server of this domain, on any generation and for any text.
   * An agent that asks for one as on LIME is {@link SandboxAgent.mcpToken}.
   */
  signMcpToken(
    domain: string,
    claims?: PassportClaimOverrides,
    overrides?: TokenOverrides,
  ): Promise<string> {
    return this.backend.issuer.issueMcpToken(this.agent, domain, claims, overrides);
  }

  /** Makes a new signing key. The old keys stay published unless `keepOld` is false. */
  async rotateKeys({ keepOld = true }: { keepOld?: boolean } = {}): Promise<{ kid: string }> {
    return { kid: await this.backend.rotateKeys(keepOld) };
  }

  /** The JWKS document as it is now. */
  publishedKeys(): { keys: JWK[] } {
    return this.backend.keys.document();
  }

  /** Refuses the site's calls with 403 `SITE_SUSPENDED`. Open streams stay open; `faults.dropStreams()` ends them. */
  suspendSite(): void {
    this.backend.suspendSite(true);
  }

  /** Ends {@link suspendSite}. */
  reinstateSite(): void {
    this.backend.suspendSite(false);
  }

  /** The number of open event streams, frozen ones included. */
  get openStreams(): number {
    return this.backend.channel.size;
  }

  /**
   * Resolves once `count` event streams are open.
   * @throws SandboxError `SANDBOX_TIMEOUT` after `timeoutMs` milliseconds.
   */
  whenStreamOpen(count = 1, timeoutMs = 5_000): Promise<void> {
    return this.backend.channel.waiters.wait(count, timeoutMs);
  }

  /**
   * Writes to all open streams: an object as one frame, a string or bytes unchanged. Of the faults only a freeze
   * applies. Returns the number of streams.
   */
  send(frame: object | string | Uint8Array): number {
    return this.backend.channel.send(frame);
  }

  /** The last 10 000 HTTP requests received, oldest first. */
  get calls(): readonly SandboxCall[] {
    return this.log.last();
  }

  /** The number of calls of one kind since the start. */
  callCount(target: SandboxTarget): number {
    return this.log.count(target);
  }

  /** Calls `listener` with each activity. Returns the function that removes it. */
  onActivity(listener: SandboxActivityListener): () => void {
    return this.backend.activity.subscribe(listener);
  }

  /** Closes all sockets at once and clears all timers. A second call does nothing. */
  stop(): Promise<void> {
    this.backend.stop();
    this.stopping ??= this.server.close();
    return this.stopping;
  }

  /** The same as {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The host of the base URL: loopback when the sandbox listens on all addresses. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
