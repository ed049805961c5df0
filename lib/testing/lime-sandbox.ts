import type { JWK } from 'jose';
import type { AgentProfile, RegisteredAgent } from './agent-registry.js';
import type { SandboxBinding } from './bindings.js';
import { CallLog } from './call-log.js';
import type { LoginRequestStatus, SandboxLoginRequest } from './login-requests.js';
import type { PassportClaimOverrides, PassportOverrides } from './passport-issuer.js';
import { Platform } from './platform.js';
import type { SandboxActivityListener } from './sandbox-activity.js';
import type { SandboxCall, SandboxTarget } from './sandbox-call.js';
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
  /** The agent that `approve()` and the connect page stand for. */
  readonly agent: AgentProfile;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly platform: Platform,
    private readonly server: SandboxServer,
    private readonly log: CallLog,
    /** The TCP port it listens on. */
    readonly port: number,
  ) {
    this.faults = platform.faults;
    const { agentToken: _token, ...profile } = platform.agent;
    this.agent = profile;
  }

  /**
   * Makes a key, listens on a port and serves.
   * @throws SandboxError `SANDBOX_OPTIONS_INVALID`, or `SANDBOX_LISTEN_FAILED` when the port cannot be had.
   */
  static async start(options?: LimeSandboxOptions): Promise<LimeSandbox> {
    const resolved = resolveSandboxOptions(options);
    const platform = new Platform(resolved, await SigningKeys.create(resolved.signingKey));
    const log = new CallLog();
    const server = new SandboxServer(platform, log);
    const port = await server.listen(resolved.port, resolved.host);
    platform.origin = `http://${hostOf(resolved.host)}:${port}`;
    return new LimeSandbox(platform, server, log, port);
  }

  /** `http://127.0.0.1:PORT/api/v1` */
  get baseUrl(): string {
    return this.platform.origin + API_PREFIX;
  }

  /** The page on which a person watches and steers the sandbox. */
  get consoleUrl(): string {
    return `${this.platform.origin}/`;
  }

  /** The one site token that is accepted (`X-Site-Token`). */
  get siteToken(): string {
    return this.platform.options.siteToken;
  }

  /** The token of the default agent (`X-Agent-Token`). */
  get agentToken(): string {
    return this.platform.options.agentToken;
  }

  /** Options for `LimeSitesModule.forRoot()`. */
  moduleOptions(): { siteToken: string; baseUrl: string } {
    return { siteToken: this.siteToken, baseUrl: this.baseUrl };
  }

  /** The same as environment variables. */
  env(): { LIME_SITE_TOKEN: string; LIME_API_BASE: string } {
    return { LIME_SITE_TOKEN: this.siteToken, LIME_API_BASE: this.baseUrl };
  }

  /** Adds an agent; what the profile leaves out is made up. */
  addAgent(profile?: Partial<RegisteredAgent>): RegisteredAgent {
    return this.platform.addAgent(profile);
  }

  /** Every login request so far, oldest first, as it stands now. */
  requests(): SandboxLoginRequest[] {
    return this.platform.requests.list();
  }

  /** One login request as it stands now. */
  request(requestId: string): SandboxLoginRequest | undefined {
    return this.platform.requests.find(requestId);
  }

  /** Every binding request so far, oldest first, as it stands now. */
  bindings(): SandboxBinding[] {
    return this.platform.bindings.list();
  }

  /** One binding request as it stands now. */
  binding(bindingId: string): SandboxBinding | undefined {
    return this.platform.bindings.find(bindingId);
  }

  /** A login request that another process of the site made: no HTTP call is counted. */
  createLoginRequest(): { requestId: string; expiresAt: Date } {
    const { requestId, expiresAt } = this.platform.createLoginRequest();
    return { requestId, expiresAt: new Date(expiresAt) };
  }

  /**
   * Approves as the default agent, without proof of work, and sends `approved`.
   * @param claims replaces members of the passport's payload; `undefined` removes one.
   * @throws SandboxError `SITE_LOGIN_REQUEST_NOT_FOUND`, or `SITE_LOGIN_CONFLICT` when it is settled already.
   */
  async approve(
    requestId: string,
    claims?: PassportClaimOverrides,
  ): Promise<{ requestId: string; passport: string; status: LoginRequestStatus }> {
    const { passport, status } = await this.platform.approve(requestId, this.agent, claims);
    return { requestId, passport, status };
  }

  /**
   * Ends a pending login request now and sends `expired`.
   * @throws SandboxError as {@link approve}.
   */
  expire(requestId: string): void {
    this.platform.expire(requestId);
  }

  /**
   * Completes a binding request as the default agent, as the connect page does.
   * @throws SandboxError `BINDING_NOT_FOUND`, or `BINDING_CLOSED` when it is completed or expired.
   */
  completeBinding(
    bindingId: string,
    claims?: PassportClaimOverrides,
  ): Promise<{ passport: string; callbackUrl: string }> {
    return this.platform.completeBinding(bindingId, this.agent, claims);
  }

  /** Signs a passport of the default agent: a valid login passport unless told otherwise. */
  signPassport(claims?: PassportClaimOverrides, overrides?: PassportOverrides): Promise<string> {
    return this.platform.issuer.issue(this.agent, claims, overrides);
  }

  /** Signs with a new key from now on. The old keys stay published unless `keepOld` is false. */
  async rotateKeys({ keepOld = true }: { keepOld?: boolean } = {}): Promise<{ kid: string }> {
    return { kid: await this.platform.rotateKeys(keepOld) };
  }

  /** The JWKS document as it is now. */
  publishedKeys(): { keys: JWK[] } {
    return this.platform.keys.document();
  }

  /** Answers the site's calls 403 `SITE_SUSPENDED`. Open streams stay open; `faults.dropStreams()` ends them. */
  suspendSite(): void {
    this.platform.suspendSite(true);
  }

  /** Ends {@link suspendSite}. */
  reinstateSite(): void {
    this.platform.suspendSite(false);
  }

  /** The number of open event streams, frozen ones included. */
  get openStreams(): number {
    return this.platform.channel.size;
  }

  /**
   * Resolves as soon as so many event streams are open.
   * @throws SandboxError `SANDBOX_TIMEOUT` after `timeoutMs` milliseconds.
   */
  whenStreamOpen(count = 1, timeoutMs = 5_000): Promise<void> {
    return this.platform.channel.waiters.wait(count, timeoutMs);
  }

  /**
   * Writes to all open streams: an object as one frame, a text or bytes exactly as they are. Faults other than a
   * freeze do not touch it. Returns the number of streams.
   */
  send(frame: object | string | Uint8Array): number {
    return this.platform.channel.send(frame);
  }

  /** The last 10 000 HTTP requests received, oldest first. */
  get calls(): readonly SandboxCall[] {
    return this.log.last();
  }

  /** How many calls of one kind there ever were. */
  callCount(target: SandboxTarget): number {
    return this.log.count(target);
  }

  /** Tells what happens. Returns the function that ends it. */
  onActivity(listener: SandboxActivityListener): () => void {
    return this.platform.activity.subscribe(listener);
  }

  /** Closes all sockets at once and clears all timers. May be called again. */
  stop(): Promise<void> {
    this.platform.stop();
    this.stopping ??= this.server.close();
    return this.stopping;
  }

  /** The same as {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The host to call: an address that means "all" is no place to go to. */
function hostOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
