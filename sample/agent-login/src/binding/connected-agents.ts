import { Injectable } from '@nestjs/common';
import type { SignedInAgent } from '../session/session.js';

export interface ConnectedAgent {
  readonly agentId: string;
  readonly bindingId: string;
  readonly since: Date;
}

/** The agents that each account has connected. A real site keeps them in its database. */
@Injectable()
export class ConnectedAgents {
  private readonly accounts = new Map<string, Map<string, ConnectedAgent>>();

  of(account: string): ConnectedAgent[] {
    return [...(this.accounts.get(account)?.values() ?? [])];
  }

  connect(account: string, agentId: string, bindingId: string): void {
    const agents = this.accounts.get(account) ?? new Map<string, ConnectedAgent>();
    this.accounts.set(account, agents.set(agentId, { agentId, bindingId, since: new Date() }));
  }
}

/** The account of the agent's LIME user, or of the agent itself if its passport does not name a user. */
export function accountOf({ claims }: SignedInAgent): string {
  return claims.user_id ?? claims.agent_id;
}
