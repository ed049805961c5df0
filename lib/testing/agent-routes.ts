import { success } from './answer.js';
import type { Platform } from './platform.js';
import { meetsDifficulty } from './proof-of-work.js';
import type { Route } from './route-table.js';
import { SandboxError } from './sandbox-error.js';

/** The calls that an agent makes. `prefix` is the path of the base URL. */
export function agentRoutes(platform: Platform, prefix: string): Route[] {
  const { powDifficulty } = platform.options;

  return [
    {
      method: 'GET',
      path: `${prefix}/auth/requests/:id`,
      target: 'challenge',
      handle({ id }) {
        const { requestId, status, challenge, expiresAt } = platform.requests.get(id);
        return success({
          request_id: requestId,
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
        requireProofOfWork(challenge, nonce, powDifficulty);
        const { requestId, status, expiresAt } = await platform.approve(request.id, agent);
        return success({
          request_id: requestId,
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
          user_id: agent.userId,
          owner_id: agent.userId,
          display_name: agent.displayName,
          avatar_url: null,
          description: 'An agent of the LIME sandbox',
          user_kyc_level: agent.userKycLevel,
          owner_kyc_level: agent.userKycLevel,
          agent_reputation: agent.reputation,
        });
      },
    },
  ];
}

function requireProofOfWork(challenge: string, nonce: unknown, difficulty: number): void {
  if (typeof nonce !== 'string' || nonce === '') {
    throw new SandboxError('MISSING_POW_NONCE', 'pow_nonce is missing.', { httpStatus: 400 });
  }
  if (/^\d{1,40}$/.test(nonce) && meetsDifficulty(challenge, nonce, difficulty)) return;
  throw new SandboxError('INVALID_POW', 'pow_nonce does not solve the challenge.', {
    httpStatus: 400,
  });
}
