import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { type LimeSandbox, SandboxAgent, type SandboxPlatform } from 'nestjs-lime-sites/testing';
import { startSandbox } from '../support/start-sandbox.js';
import { type Reply, SiteClient } from './support/site-client.js';

const TOKEN_PATH = '/modules/oauth/token';
const METADATA_PATH = '/.well-known/oauth-authorization-server';
const DOMAIN = 'mcp.example.com';

describe('The MCP access tokens of the sandbox', () => {
  let lime: LimeSandbox;
  let client: SiteClient;

  beforeEach(async () => {
    lime = await startSandbox();
    client = new SiteClient(lime);
  });
  afterEach(() => lime.stop());

  function request(body: unknown, agentToken?: string): Promise<Reply> {
    const headers = agentToken === undefined ? {} : { agentToken };
    return client.call(TOKEN_PATH, { method: 'POST', token: null, body, ...headers });
  }

  function verified(token: string) {
    return jwtVerify(token, createLocalJWKSet(lime.publishedKeys()));
  }

  it('come raw, exactly with their type and lifetime, and are not for caches', async () => {
    const { status, headers, body } = await request({ domain: DOMAIN }, lime.agentToken);

    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 300,
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toBe('application/json');
  });

  it('name the agent and the one domain, and carry no claim of a passport', async () => {
    const token = await new SandboxAgent(lime).mcpToken(DOMAIN);
    const { payload, protectedHeader } = await verified(token);
    const { iat = 0, exp = 0, ...claims } = payload;

    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
    expect(exp - iat).toBe(300);
    expect(claims).toEqual({
      iss: `http://127.0.0.1:${lime.port}`,
      sub: lime.agent.agentId,
      aud: 'mcp',
      domain: DOMAIN,
      jti: expect.stringMatching(/^[\da-f-]{36}$/),
    });
  });

  it('belong to the agent that asks, and each has an id of its own', async () => {
    const { agentId, agentToken } = lime.addAgent();
    const agent = new SandboxAgent({ baseUrl: lime.baseUrl, agentToken });
    const [first, second] = await Promise.all([agent.mcpToken(DOMAIN), agent.mcpToken(DOMAIN)]);
    const payloads = await Promise.all([verified(first), verified(second)]);

    expect(payloads.map(({ payload }) => payload.sub)).toEqual([agentId, agentId]);
    expect(new Set(payloads.map(({ payload }) => payload.jti)).size).toBe(2);
  });

  it.each(['localhost', '127.0.0.1', '[::1]', 'xn--mnchen-3ya.example', 'a_b.example'])(
    'can be for %s',
    async (domain) => {
      const { payload } = await verified(await new SandboxAgent(lime).mcpToken(domain));
      expect(payload['domain']).toBe(domain);
    },
  );

  it.each([
    ['no agent token', undefined, { domain: DOMAIN }, 401, 'invalid_client'],
    ['a wrong agent token', 'at_wrong', { domain: DOMAIN }, 401, 'invalid_client'],
    ['no domain', 'right', {}, 400, 'invalid_request'],
    ['an empty domain', 'right', { domain: '' }, 400, 'invalid_request'],
    ['a list of domains', 'right', { domain: [DOMAIN] }, 400, 'invalid_request'],
    ['a port', 'right', { domain: `${DOMAIN}:443` }, 400, 'invalid_request'],
    ['a URL', 'right', { domain: `https://${DOMAIN}` }, 400, 'invalid_request'],
    ['a path', 'right', { domain: `${DOMAIN}/mcp` }, 400, 'invalid_request'],
    ['upper case', 'right', { domain: 'MCP.example.com' }, 400, 'invalid_request'],
    ['a wildcard', 'right', { domain: '*.example.com' }, 400, 'invalid_request'],
    ['white space', 'right', { domain: ` ${DOMAIN}` }, 400, 'invalid_request'],
    ['a host that is none', 'right', { domain: 'a b' }, 400, 'invalid_request'],
    ['a body that is not JSON', 'right', 'nonsense', 400, 'invalid_request'],
  ])('are refused for %s, as OAuth refuses', async (_case, token, body, status, error) => {
    const reply = await request(body, token === 'right' ? lime.agentToken : token);

    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ error, error_description: expect.any(String) });
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it('are refused for an agent without the grant', async () => {
    const { agentToken } = lime.addAgent({ grants: [] });
    const agent = new SandboxAgent({ baseUrl: lime.baseUrl, agentToken });

    await expect(agent.mcpToken(DOMAIN)).rejects.toMatchObject({
      code: 'access_denied',
      httpStatus: 403,
      message: 'The agent does not have the grant oauth:mcp.',
    });
  });

  it.each([
    ['OAUTH_CAPABILITY_DENIED', 403],
    ['OAUTH_TOKEN_ISSUANCE_FAILED', 503],
  ] as const)('can be refused with %s in the envelope, as a fault', async (code, httpStatus) => {
    lime.faults.refuse('token', code);
    const agent = new SandboxAgent(lime);

    await expect(agent.mcpToken(DOMAIN)).rejects.toMatchObject({ code, httpStatus });
    await expect(agent.mcpToken(DOMAIN)).resolves.toEqual(expect.any(String));
    expect(lime.callCount('token')).toBe(2);
  });

  it('are an activity that shows no token', async () => {
    const activities: object[] = [];
    lime.onActivity(({ at: _at, ...activity }) => activities.push(activity));
    await new SandboxAgent(lime).mcpToken(DOMAIN);

    const { agentId, displayName: agentName } = lime.agent;
    expect(activities).toEqual([{ kind: 'mcp-token-issued', agentId, agentName, domain: DOMAIN }]);
  });

  it('can be signed with other claims, header and lifetime', async () => {
    const token = await lime.signMcpToken('Any:Text', { jti: undefined }, { ttlSeconds: 7 });
    const { payload } = await verified(token);

    expect(payload).toMatchObject({ aud: 'mcp', domain: 'Any:Text' });
    expect(payload).not.toHaveProperty('jti');
    expect(Number(payload.exp) - Number(payload.iat)).toBe(7);
  });

  it('are described by the raw metadata at both addresses', async () => {
    const origin = `http://127.0.0.1:${lime.port}`;
    const addresses = [origin + METADATA_PATH, `${lime.baseUrl}/modules/oauth${METADATA_PATH}`];
    for (const address of addresses) {
      const response = await fetch(address);
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        issuer: origin,
        jwks_uri: `${origin}/api/v1/core/.well-known/jwks.json`,
        token_endpoint: `${origin}/api/v1${TOKEN_PATH}`,
        response_types_supported: [],
      });
    }
    expect(lime.callCount('metadata')).toBe(2);
  });

  it.each<SandboxPlatform>(['2026-07', '2026-06'])('do not exist on %s', async (platform) => {
    await lime.stop();
    lime = await startSandbox({ platform });

    await expect(new SandboxAgent(lime).mcpToken(DOMAIN)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      httpStatus: 404,
    });
    expect((await fetch(`http://127.0.0.1:${lime.port}${METADATA_PATH}`)).status).toBe(404);
  });
});
