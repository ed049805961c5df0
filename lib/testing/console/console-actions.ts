import type { AgentProfile } from '../agent-registry.js';
import type { Platform } from '../platform.js';

/** What a button of the console does. `fields` are those of its form. */
export type ConsoleAction = (platform: Platform, id: string, fields: URLSearchParams) => unknown;

/** By path. */
export const CONSOLE_ACTIONS: Readonly<Record<string, ConsoleAction>> = {
  '/console/requests': (platform) => platform.createLoginRequest(),
  '/console/requests/:id/approve': (platform, id, fields) =>
    platform.approve(id, chosenAgent(platform, fields)),
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
