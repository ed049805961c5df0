import { success } from './answer.js';
import type { Platform } from './platform.js';
import { meetsDifficulty } from './proof-of-work.js';
import { refusal } from './refusals.js';
import type { Route } from './route-table.js';

/** The calls of agents. `prefix` is the path of the base URL. */
export function agentRoutes(platform: Platform, prefix: string): Route[] {
  const { generation } = platform;
  const { powDifficulty } = platform.options;

  return [
    {
      method: 'GET',
      path: `${prefix}/auth/requests/:id`,
      target: 'challenge',
      handle({ id }) {
        const { status, challenge, expiresAt, approval } = platform.requests.get(id);
        if (approval && !generation.showsApproved) throw refusal('SITE_LOGIN_REQUEST_NOT_FOUND');
        return success({
          request_id: id,
          status,
          pow_challenge: challenge,
          pow_difficulty: powDifficulty,
          expires_at: new Date(expiresAt).toISOString(),
        });
      },
    },
    {
      method: 'POST',
      path: `${prefix}/modules/agent-login/requests/:id/approve`,
      target: 'approve',
      async handle(request) {
        const agent = platform.agents.authenticate(request.header('x-agent-token'));
        const nonce = request.json()['pow_nonce'];
        const { challenge } = platform.requests.pending(request.id);
        if (typeof nonce !== 'string' || nonce === '') throw refusal('MISSING_POW_NONCE');
        const decimal = /^\d{1,40}$/.test(nonce);
        if (!decimal || !meetsDifficulty(challenge, nonce, powDifficulty, generation.proofOfWork)) {
          throw refusal('INVALID_POW');
        }
        const { status, expiresAt } = await platform.approve(request.id, agent);
        return success({
          request_id: request.id,
          site_id: platform.siteId,
          status,
          expires_at: new Date(expiresAt).toISOString(),
          approved_agent_id: agent.agentId,
        });
      },
    },
    {
      method: 'GET',
      path: `${prefix}/core/agents/me/profile`,
      target: 'profile',
      handle(request) {
        const agent = platform.agents.authenticate(request.header('x-agent-token'));
        return success({
          agent_id: agent.agentId,
          display_name: agent.displayName,
          avatar_url: null,
          description: 'An agent of the LIME sandbox',
          ...generation.profile(agent),
        });
      },
    },
  ];
}
