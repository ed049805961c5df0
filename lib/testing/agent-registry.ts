import { randomBytes, randomUUID } from 'node:crypto';
import { refusal } from './refusals.js';
import { SandboxError } from './sandbox-error.js';

/** An agent of the platform. */
export interface AgentProfile {
  /** Becomes `sub` of its passports. A UUID. */
  readonly agentId: string;
  /** The person behind it. A UUID. */
  readonly userId: string;
  readonly displayName: string;
  /** What the person allowed it beside logins. Without `oauth:mcp` it gets no MCP access tokens. @default ['oauth:mcp'] */
  readonly grants?: readonly string[];
  /** Only for platforms before `2026-09`. @default 2 */
  readonly userKycLevel?: number;
  /** Only for platforms before `2026-09`. @default 80 */
  readonly reputation?: number;
}

/** An agent and the token that it logs in with. */
export interface RegisteredAgent extends AgentProfile {
  readonly agentToken: string;
}

/** The agents of the platform, by token. */
export class AgentRegistry {
  private readonly agents = new Map<string, RegisteredAgent>();

  /** Adds an agent. Fields that the profile leaves out get random values. */
  add(profile: Partial<RegisteredAgent> = {}): RegisteredAgent {
    const agent: RegisteredAgent = {
      agentToken: profile.agentToken ?? `at_sandbox_${randomBytes(16).toString('hex')}`,
      agentId: profile.agentId ?? randomUUID(),
      userId: profile.userId ?? randomUUID(),
      displayName: profile.displayName ?? `Demo agent ${this.agents.size + 1}`,
      ...(profile.grants && { grants: profile.grants }),
      ...(profile.userKycLevel !== undefined && { userKycLevel: profile.userKycLevel }),
      ...(profile.reputation !== undefined && { reputation: profile.reputation }),
    };
    this.agents.set(agent.agentToken, agent);
    return agent;
  }

  /** In the order in which they were added. */
  list(): RegisteredAgent[] {
    return Array.from(this.agents.values());
  }

  /** @throws SandboxError 404 `AGENT_NOT_FOUND`. */
  get(agentId: string): RegisteredAgent {
    const agent = this.list().find((known) => known.agentId === agentId);
    if (agent !== undefined) return agent;
    throw new SandboxError('AGENT_NOT_FOUND', `Agent ${agentId} is not known.`, {
      httpStatus: 404,
    });
  }

  /** @throws SandboxError 401 `MISSING_AGENT_TOKEN` or `INVALID_AGENT_TOKEN`. */
  authenticate(token: string | undefined): RegisteredAgent {
    if (!token) throw refusal('MISSING_AGENT_TOKEN');
    const agent = this.agents.get(token);
    if (agent !== undefined) return agent;
    throw refusal('INVALID_AGENT_TOKEN');
  }
}
