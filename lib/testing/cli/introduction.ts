import type { LimeSandbox } from '../lime-sandbox.js';

/** Lines for a shell or an .env file, and what to try first. The tokens are made up: they open nothing. */
export function introduction(lime: LimeSandbox): string {
  const { platform, baseUrl, consoleUrl, siteToken, agentToken } = lime;
  return `LIME_API_BASE=${baseUrl}
LIME_SITE_TOKEN=${siteToken}
LIME_AGENT_TOKEN=${agentToken}
# This is the LIME sandbox, platform ${platform}; Ctrl-C ends it. Watch and steer it in a browser:
#   ${consoleUrl}
# Listen to the event stream, then create a login request:
#   curl -N -H 'X-Site-Token: ${siteToken}' ${baseUrl}/modules/agent-login/events
#   curl -X POST -H 'X-Site-Token: ${siteToken}' ${baseUrl}/modules/agent-login/requests
`;
}

/** The same for programs: one line. */
export function jsonIntroduction({
  platform,
  baseUrl,
  consoleUrl,
  siteToken,
  agentToken,
}: LimeSandbox): string {
  return `${JSON.stringify({ platform, baseUrl, consoleUrl, siteToken, agentToken })}\n`;
}
