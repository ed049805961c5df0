import type { AgentProfile } from '../agent-registry.js';
import type { PassportClaimOverrides } from '../passport-issuer.js';
import type { Platform } from '../platform.js';
import { SandboxError } from '../sandbox-error.js';

/** What a button of the console does. `fields` are those of its form. */
export type ConsoleAction = (platform: Platform, id: string, fields: URLSearchParams) => unknown;

/** By path. */
export const CONSOLE_ACTIONS: Readonly<Record<string, ConsoleAction>> = {
  '/console/requests': (platform) => platform.createLoginRequest(),
  '/console/requests/:id/approve': (platform, id, fields) =>
    platform.approve(id, chosenAgent(platform, fields), chosenClaims(fields)),
  '/console/requests/:id/expire': (platform, id) => platform.expire(id),
  '/console/streams/drop': (platform) => platform.faults.dropStreams(),
  '/console/keys/rotate': (platform) => platform.rotateKeys(true),
  '/console/keys/replace': (platform) => platform.rotateKeys(false),
  '/console/site/suspend': (platform) => platform.suspendSite(true),
  '/console/site/reinstate': (platform) => platform.suspendSite(false),
};

/** @throws SandboxError 404 `AGENT_NOT_FOUND`. */
export function chosenAgent(platform: Platform, fields: URLSearchParams): AgentProfile {
  const agentId = fields.get('agent');
  return agentId === null ? platform.agent : platform.agents.get(agentId);
}

function chosenClaims(fields: URLSearchParams): PassportClaimOverrides {
  const kyc = chosenNumber(fields, 'kyc');
  const reputation = chosenNumber(fields, 'reputation');
  return {
    ...(kyc !== undefined && { user_kyc_level: kyc }),
    ...(reputation !== undefined && { agent_reputation: reputation }),
  };
}

function chosenNumber(fields: URLSearchParams, name: string): number | undefined {
  const text = fields.get(name);
  if (text === null) return undefined;
  if (/^-?\d{1,6}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new SandboxError('VALIDATION_ERROR', `${name} must be a number of up to six digits.`, {
    httpStatus: 400,
    detail: { field: name },
  });
}
