import { randomUUID } from 'node:crypto';
import { ActivityFeed } from './activity.js';
import { type AgentProfile, AgentRegistry, type RegisteredAgent } from './agent-registry.js';
import { type BindingRecord, Bindings } from './bindings.js';
import { EventChannel } from './event-channel.js';
import { FaultRules } from './fault-rules.js';
import { GENERATIONS, type Generation } from './generations.js';
import { type LoginRequestRecord, LoginRequests } from './login-requests.js';
import { type PassportClaimOverrides, PassportIssuer } from './passport-issuer.js';
import { RateLimiter } from './rate-limiter.js';
import { callbackUrlOf } from './redirect-uri.js';
import { refusal } from './refusals.js';
import { SandboxError } from './sandbox-error.js';
import { SandboxFaults } from './sandbox-faults.js';
import type { ResolvedSandboxOptions } from './sandbox-options.js';
import type { SigningKeys } from './signing-keys.js';

/** The state and the actions of LIME, without HTTP. */
export class Platform {
  readonly siteId = randomUUID();
  readonly activity: ActivityFeed;
  readonly agents = new AgentRegistry();
  readonly agent: RegisteredAgent;
  readonly channel: EventChannel;
  readonly rules = new FaultRules();
  readonly faults: SandboxFaults;
  readonly issuer: PassportIssuer;
  readonly limiter: RateLimiter;
  readonly requests: LoginRequests;
  readonly bindings: Bindings;
  readonly generation: Generation;
  /** `http://host:port`, known once the server listens. */
  origin = '';
  suspended = false;
  private stopped = false;

  constructor(
    readonly options: ResolvedSandboxOptions,
    readonly keys: SigningKeys,
  ) {
    const { clock } = options;
    this.generation = GENERATIONS[options.platform];
    this.activity = new ActivityFeed(clock);
    this.agent = this.agents.add({ agentToken: options.agentToken, displayName: 'Demo agent' });
    this.channel = new EventChannel(options.keepaliveMs, options.delivery, this.activity);
    this.faults = new SandboxFaults(this.rules, this.channel);
    this.issuer = new PassportIssuer({
      keys,
      clock,
      ttlSeconds: options.passportTtlSeconds,
      generation: this.generation,
      origin: () => this.origin,
    });
    this.limiter = new RateLimiter(options.rateLimit, clock);
    this.requests = new LoginRequests(options.requestTtlMs, clock, (record) => {
      this.announceExpiry(record, !this.faults.expiryMissed);
    });
    this.bindings = new Bindings(options.bindingTtlMs, clock, ({ id: bindingId }) => {
      this.activity.emit({ kind: 'binding-expired', bindingId });
    });
  }

  addAgent(profile?: Partial<RegisteredAgent>): RegisteredAgent {
    const agent = this.agents.add(profile);
    const { agentId, displayName: agentName } = agent;
    this.activity.emit({ kind: 'agent-added', agentId, agentName });
    return agent;
  }

  createLoginRequest(): LoginRequestRecord {
    this.ensureRunning();
    const record = this.requests.create();
    this.activity.emit({
      kind: 'request-created',
      requestId: record.id,
      expiresAt: new Date(record.expiresAt),
    });
    return record;
  }

  async approve(
    requestId: string,
    agent: AgentProfile,
    claims?: PassportClaimOverrides,
  ): Promise<LoginRequestRecord & { passport: string }> {
    this.requests.pending(requestId);
    const passport = await this.issuer.issue(agent, { request_id: requestId, ...claims });
    // The request can expire while the passport is signed, so it gets its outcome only now.
    const record = this.requests.close(requestId, 'APPROVED');
    record.approval = { agentId: agent.agentId, passport };
    this.activity.emit({
      kind: 'approved',
      requestId,
      agentId: agent.agentId,
      agentName: agent.displayName,
    });
    const streams = this.channel.deliver(requestId, {
      type: 'approved',
      login_request_id: requestId,
      agent_passport_jwt: passport,
      status: 'APPROVED',
    });
    if (streams > 0) record.status = 'DELIVERED';
    return { ...record, passport };
  }

  expire(requestId: string): void {
    this.announceExpiry(this.requests.close(requestId, 'EXPIRED'), true);
  }

  createBinding(redirectUri: string): BindingRecord {
    this.ensureRunning();
    const record = this.bindings.add((id) => ({
      redirectUri,
      connectUrl: `${this.origin}/connect/${id}`,
    }));
    const { id: bindingId, connectUrl } = record;
    this.activity.emit({ kind: 'binding-created', bindingId, connectUrl });
    return record;
  }

  /** Connects an agent. The callback carries a code for the passport, on `2026-07` the passport itself. */
  async completeBinding(
    bindingId: string,
    agent: AgentProfile,
    claims?: PassportClaimOverrides,
  ): Promise<{ callbackUrl: string; code: string }> {
    const { redirectUri } = this.bindings.pending(bindingId);
    const signPassport = () =>
      this.issuer.issue(agent, { binding_id: bindingId, ...claims }, { kind: 'binding' });
    const passport = this.generation.bindings === 'passport' ? await signPassport() : undefined;
    const record = this.bindings.close(bindingId, 'COMPLETED');
    record.agentId = agent.agentId;
    const completed = {
      kind: 'binding-completed',
      bindingId,
      agentId: agent.agentId,
      agentName: agent.displayName,
    } as const;
    if (passport !== undefined) {
      record.passport = passport;
      this.activity.emit(completed);
      return { callbackUrl: callbackUrlOf(redirectUri, 'passport', passport), code: '' };
    }
    const code = this.bindings.issueCode(record, signPassport);
    this.activity.emit({ ...completed, codeStart: startOf(code) });
    return { callbackUrl: callbackUrlOf(redirectUri, 'binding_code', code), code };
  }

  /** The person declines: the browser goes back to the `redirect_uri`, unchanged. */
  declineBinding(bindingId: string): { callbackUrl: string } {
    const { redirectUri } = this.bindings.close(bindingId, 'DECLINED');
    this.activity.emit({ kind: 'binding-declined', bindingId });
    return { callbackUrl: redirectUri };
  }

  /**
   * Exchanges a binding code for its passport.
   * @throws SandboxError 400 `BINDING_CODE_INVALID`.
   */
  async exchangeBindingCode(code: string): Promise<string> {
    const codeStart = startOf(code);
    const record = this.bindings.redeem(code);
    if (typeof record === 'string') {
      this.activity.emit({ kind: 'code-refused', codeStart, reason: record });
      throw refusal('BINDING_CODE_INVALID');
    }
    const passport = await record.code.signPassport();
    record.passport = passport;
    this.activity.emit({ kind: 'code-exchanged', bindingId: record.id, codeStart });
    return passport;
  }

  /** Issues an access token with which the agent calls the MCP server of this domain. */
  async issueMcpToken(agent: AgentProfile, domain: string): Promise<string> {
    const token = await this.issuer.issueMcpToken(agent, domain);
    const { agentId, displayName: agentName } = agent;
    this.activity.emit({ kind: 'mcp-token-issued', agentId, agentName, domain });
    return token;
  }

  async rotateKeys(keepOld: boolean): Promise<string> {
    const { kid } = await this.keys.rotate(keepOld);
    this.activity.emit({ kind: 'keys-rotated', kid, keptOld: keepOld });
    return kid;
  }

  suspendSite(suspended: boolean): void {
    if (this.suspended === suspended) return;
    this.suspended = suspended;
    this.activity.emit({ kind: suspended ? 'site-suspended' : 'site-reinstated' });
  }

  stop(): void {
    this.stopped = true;
    this.requests.stop();
    this.bindings.stop();
    this.channel.waiters.stop();
  }

  private announceExpiry({ id: requestId }: LoginRequestRecord, send: boolean): void {
    this.activity.emit({ kind: 'expired', requestId });
    if (send) this.channel.deliver(requestId, { type: 'expired', login_request_id: requestId });
  }

  private ensureRunning(): void {
    if (this.stopped) throw new SandboxError('SANDBOX_STOPPED', 'The sandbox was stopped.');
  }
}

/** The start of a code: enough to recognise it, and too little to use it. */
function startOf(code: string): string {
  return code.slice(0, 6);
}
