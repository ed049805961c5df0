import { Injectable } from '@nestjs/common';
import { SiteData } from '../data/site-data.js';
import type { SignedInAgent } from '../session/session.js';

export interface ConnectedAgent {
  readonly agentId: string;
  readonly bindingId: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The agents that each account has connected. */
@Injectable()
export class ConnectedAgents {
  constructor(private readonly data: SiteData) {}

  of(account: string): ConnectedAgent[] {
    return (this.data.get(`agents ${account}`) as ConnectedAgent[] | undefined) ?? [];
  }

  connect(account: string, agentId: string, bindingId: string): void {
    const others = this.of(account).filter((agent) => agent.agentId !== agentId);
    const agent = { agentId, bindingId, since: new Date().toISOString() };
    this.data.set(`agents ${account}`, [...others, agent]);
  }
}

/** The account of the agent's LIME user, or of the agent itself if its passport does not name a user. */
export function accountOf({ claims }: SignedInAgent): string {
  return claims.user_id ?? claims.agent_id;
}
