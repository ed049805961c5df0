import type { LimeSandbox } from '../lime-sandbox.js';

/** Lines for a shell or an `.env` file, and first commands. The tokens are those of the sandbox alone. */
export function introduction(lime: LimeSandbox): string {
  const { platform, baseUrl, consoleUrl, siteToken, agentToken } = lime;
  return `LIME_API_BASE=${baseUrl}
LIME_SITE_TOKEN=${siteToken}
LIME_AGENT_TOKEN=${agentToken}
# This is the LIME sandbox, platform ${platform}; Ctrl-C ends it. Watch and control it in a browser:
#   ${consoleUrl}
# Open the event stream, then create a login request:
#   curl -N -H 'X-Site-Token: ${siteToken}' ${baseUrl}/modules/agent-login/events
#   curl -X POST -H 'X-Site-Token: ${siteToken}' ${baseUrl}/modules/agent-login/requests
`;
}

/** The same as one line of JSON, for programs. */
export function jsonIntroduction({
  platform,
  baseUrl,
  consoleUrl,
  siteToken,
  agentToken,
}: LimeSandbox): string {
  return `${JSON.stringify({ platform, baseUrl, consoleUrl, siteToken, agentToken })}\n`;
}
