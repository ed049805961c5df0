import { hostnameIn } from '../common/check-options.js';
import type { RegisteredAgent } from './agent-registry.js';
import { type Answer, document } from './answer.js';
import { MCP_TOKEN_TTL_SECONDS } from './passport-issuer.js';
import type { Platform } from './platform.js';
import type { Route } from './route-table.js';
import { SandboxError } from './sandbox-error.js';
import type { SandboxRequest } from './sandbox-request.js';

/** What an agent needs to get tokens for MCP servers. */
const MCP_GRANT = 'oauth:mcp';
const NO_STORE = { 'cache-control': 'no-store' };

/** The calls around MCP access tokens, whose answers have no envelope. `prefix` is the path of the base URL. */
export function oauthRoutes(platform: Platform, prefix: string): Route[] {
  if (!platform.generation.mcpTokens) return [];
  const metadataPath = '/.well-known/oauth-authorization-server';
  const metadata = (path: string): Route => ({
    method: 'GET',
    path,
    target: 'metadata',
    handle: () => document(metadataOf(platform.origin, prefix)),
  });
  return [
    {
      method: 'POST',
      path: `${prefix}/modules/oauth/token`,
      target: 'token',
      handle: (request) => answerTokenRequest(platform, request),
    },
    metadata(`${prefix}/modules/oauth${metadataPath}`),
    metadata(metadataPath),
  ];
}

async function answerTokenRequest(platform: Platform, request: SandboxRequest): Promise<Answer> {
  let agent: RegisteredAgent;
  let domain: unknown;
  try {
    agent = platform.agents.authenticate(request.header('x-agent-token'));
  } catch (error) {
    return refused(401, 'invalid_client', error);
  }
  try {
    domain = request.json()['domain'];
  } catch (error) {
    return refused(400, 'invalid_request', error);
  }
  if (typeof domain !== 'string' || domain === '' || hostnameIn(domain) !== domain) {
    return refused(400, 'invalid_request', 'domain must be a host in lower case, without a port.');
  }
  if (agent.grants && !agent.grants.includes(MCP_GRANT)) {
    return refused(403, 'access_denied', `The agent does not have the grant ${MCP_GRANT}.`);
  }
  const body = {
    access_token: await platform.issueMcpToken(agent, domain),
    token_type: 'Bearer',
    expires_in: MCP_TOKEN_TTL_SECONDS,
  };
  return uncached(document(body));
}

/** A refusal of RFC 6749 section 5.2. */
function refused(status: number, error: string, reason: unknown): Answer {
  const description = reason instanceof SandboxError ? reason.message : String(reason);
  return uncached(document({ error, error_description: description }, status));
}

function uncached(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, ...NO_STORE } };
}

/** Authorization server metadata (RFC 8414 section 2). Agents get their tokens without an authorization endpoint. */
function metadataOf(origin: string, prefix: string): object {
  return {
    issuer: origin,
    jwks_uri: `${origin}${prefix}/core/.well-known/jwks.json`,
    token_endpoint: `${origin}${prefix}/modules/oauth/token`,
    response_types_supported: [],
  };
}
