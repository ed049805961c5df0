import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  type LimeSandbox,
  SandboxAgent,
  type SandboxPlatform,
  solveProofOfWork,
} from 'nestjs-lime-sites/testing';
import { startSandbox } from '../support/start-sandbox.js';
import { EventReader } from './support/event-reader.js';
import { SiteClient } from './support/site-client.js';

const REDIRECT_URI = 'https://site.example/cb?state=1';
const DIFFICULTY = 10;

/** The facts of each generation. */
interface Expected {
  jwks: 'raw' | 'enveloped';
  proofOfWork: 'v1' | 'legacy';
  /** The claims beside those of every generation. */
  claims: (lime: LimeSandbox) => object;
  profile: (lime: LimeSandbox) => object;
  /** The status of the public read after the approval. */
  readAfterApproval: number;
  issuer: object;
}

const summer = ({ agent }: LimeSandbox) => ({
  user_id: agent.userId,
  user_kyc_level: 2,
  agent_reputation: 80,
});
const first = ({ agent }: LimeSandbox) => ({
  owner_id: agent.userId,
  owner_kyc_level: 2,
  agent_reputation: 80,
});
const EXPECTED: Record<SandboxPlatform, Expected> = {
  '2026-09': {
    jwks: 'raw',
    proofOfWork: 'v1',
    claims: ({ agent, port }) => ({
      iss: `http://127.0.0.1:${port}`,
      user_id: agent.userId,
      passport_version: '5',
    }),
    profile: ({ agent }) => ({ user_id: agent.userId }),
    readAfterApproval: 404,
    issuer: {},
  },
  '2026-07': {
    jwks: 'raw',
    proofOfWork: 'legacy',
    claims: (lime) => ({ ...summer(lime), passport_version: '3' }),
    profile: summer,
    readAfterApproval: 200,
    issuer: { issuer: false },
  },
  '2026-06': {
    jwks: 'enveloped',
    proofOfWork: 'legacy',
    claims: first,
    profile: first,
    readAfterApproval: 200,
    issuer: { issuer: false },
  },
};

describe.each(Object.keys(EXPECTED) as SandboxPlatform[])('The sandbox of %s', (platform) => {
  const expected = EXPECTED[platform];
  let lime: LimeSandbox;
  let site: SiteClient;

  beforeEach(async () => {
    lime = await startSandbox({ platform, powDifficulty: DIFFICULTY });
    site = new SiteClient(lime);
  });
  afterEach(() => lime.stop());

  async function payloadOf(passport: string) {
    const { payload } = await jwtVerify(passport, createLocalJWKSet(lime.publishedKeys()));
    const { iat = 0, exp = 0, ...claims } = payload;
    return { claims, lifetime: exp - iat };
  }

  it('lets its agent log in and sends the passport', async () => {
    const reader = await EventReader.open(lime);
    const requestId = await site.createId();
    const approval = await new SandboxAgent(lime).login(requestId);
    const [event] = await reader.until(1);

    expect(lime.platform).toBe(platform);
    expect(approval).toMatchObject({ requestId, status: 'DELIVERED' });
    expect(event).toMatchObject({ type: 'approved', login_request_id: requestId });
    expect(await payloadOf(String(event?.['agent_passport_jwt']))).toEqual({
      claims: {
        sub: lime.agent.agentId,
        aud: 'lime-site-login',
        request_id: requestId,
        ...expected.claims(lime),
      },
      lifetime: 120,
    });
    expect((await site.status(requestId)).body.data).toMatchObject({ status: 'DELIVERED' });
  });

  it('sends the expiry of a request', async () => {
    const reader = await EventReader.open(lime);
    const requestId = await site.createId();
    lime.expire(requestId);

    expect(await reader.until(1)).toEqual([{ type: 'expired', login_request_id: requestId }]);
    expect((await site.status(requestId)).body.data).toMatchObject({ status: 'EXPIRED' });
  });

  it('refuses the proof of work of the other generations, and leaves the request pending', async () => {
    const requestId = await site.createId();
    const { body } = await site.call(`/auth/requests/${requestId}`, { token: null });
    const challenge = String(body.data['pow_challenge']);
    const right = await solveProofOfWork(challenge, DIFFICULTY, { version: expected.proofOfWork });
    const version = expected.proofOfWork === 'v1' ? 'legacy' : 'v1';
    const wrong = await solveProofOfWork(challenge, DIFFICULTY, { version });
    const approve = ({ nonce }: { nonce: string }) =>
      site.approve(requestId, { pow_nonce: nonce }, lime.agentToken);

    const refused = await approve(wrong);
    expect([refused.status, refused.body.error['code']]).toEqual([400, 'INVALID_POW']);
    expect(lime.request(requestId)?.status).toBe('PENDING');
    expect((await approve(right)).status).toBe(200);
  });

  it('shows an approved request to the public only before 2026-09', async () => {
    const requestId = await site.createId();
    await lime.approve(requestId);
    const reply = await site.call(`/auth/requests/${requestId}`, { token: null });

    expect(reply.status).toBe(expected.readAfterApproval);
    if (reply.status === 404) expect(reply.body.error['code']).toBe('SITE_LOGIN_REQUEST_NOT_FOUND');
    const again = await site.approve(requestId, { pow_nonce: '0' }, lime.agentToken);
    expect([again.status, again.body.error['code']]).toEqual([409, 'SITE_LOGIN_CONFLICT']);
  });

  it('describes the agent', async () => {
    const { agentToken } = lime;
    const { body } = await site.call('/core/agents/me/profile', { token: null, agentToken });

    expect(body.data).toEqual({
      agent_id: lime.agent.agentId,
      display_name: 'Demo agent',
      avatar_url: null,
      description: expect.any(String),
      ...expected.profile(lime),
    });
  });

  it('puts the levels of an agent into passports only before 2026-09', async () => {
    const { agentToken } = lime.addAgent({ userKycLevel: 4, reputation: 12 });
    const requestId = await site.createId();
    await new SandboxAgent({ baseUrl: lime.baseUrl, agentToken, platform }).login(requestId);
    const { claims } = await payloadOf(lime.request(requestId)?.passport ?? '');
    const levels = Object.entries(claims).filter(([name]) => /kyc|reputation/.test(name));

    expect(levels.map(([, level]) => level)).toEqual(platform === '2026-09' ? [] : [4, 12]);
  });

  it('publishes its keys in its own shape, or in that of the option', async () => {
    const { jwks } = expected;
    const shapes = {
      raw: lime.publishedKeys(),
      enveloped: { ok: true, data: lime.publishedKeys() },
    };
    expect((await site.jwks()).body).toEqual(shapes[jwks]);

    await lime.stop();
    lime = await startSandbox({ platform, jwks: jwks === 'raw' ? 'enveloped' : 'raw' });
    const { body } = await new SiteClient(lime).jwks();
    expect('ok' in body).toBe(jwks === 'raw');
  });

  it('gives the module its options', () => {
    const { siteToken, baseUrl } = lime;

    expect(lime.moduleOptions()).toEqual({ siteToken, baseUrl, ...expected.issuer });
  });

  it('signs passports with the claims of the generation, and overrides each of them', async () => {
    const binding = await lime.signPassport({ binding_id: 'b-1' }, { kind: 'binding' });
    const login = await lime.signPassport({ iss: undefined, user_id: 'u-1' });

    expect(await payloadOf(binding)).toEqual({
      claims: {
        sub: lime.agent.agentId,
        aud: 'lime-binding',
        binding_id: 'b-1',
        ...expected.claims(lime),
      },
      lifetime: 60,
    });
    const { claims } = await payloadOf(login);
    expect(claims).toMatchObject({ user_id: 'u-1' });
    expect(claims).not.toHaveProperty('iss');
  });

  it('answers faults of calls and the stream with the codes of the protocol', async () => {
    lime.faults.refuse('events', 'SITE_TOKEN_AUTH_UNAVAILABLE', { times: 2 });
    lime.faults.refuse('create', 'SITE_TOKEN_AUTH_UNAVAILABLE');
    lime.faults.refuse('approve', 'AGENT_USER_SUSPENDED');

    for (const path of ['/modules/agent-login/events', '/modules/agent-login/events']) {
      const refused = await site.call(path);
      expect(refused.status).toBe(503);
      expect(refused.body).toEqual({
        ok: false,
        error: { code: 'SITE_TOKEN_AUTH_UNAVAILABLE', message: expect.any(String) },
      });
    }
    (await EventReader.open(lime)).close();
    expect((await site.create()).status).toBe(503);
    const requestId = await site.createId();
    const agent = new SandboxAgent(lime);
    await expect(agent.login(requestId)).rejects.toMatchObject({
      code: 'AGENT_USER_SUSPENDED',
      httpStatus: 403,
    });
    expect((await agent.login(requestId)).status).toBe('APPROVED');
  });
});

describe('The bindings of the sandbox', () => {
  let lime: LimeSandbox;

  afterEach(() => lime.stop());

  it('come back with a code as of 2026-09', async () => {
    lime = await startSandbox({ platform: '2026-09' });
    const site = new SiteClient(lime);
    const { body } = await site.bind(REDIRECT_URI);
    const { callbackUrl, code } = await lime.completeBinding(String(body.data['binding_id']));

    expect(callbackUrl).toBe(`${REDIRECT_URI}&binding_code=${code}`);
    expect((await site.exchange(code)).status).toBe(200);
  });

  it('come back with the passport as of 2026-07, which has no exchange', async () => {
    lime = await startSandbox({ platform: '2026-07' });
    const site = new SiteClient(lime);
    const { body } = await site.bind(REDIRECT_URI);
    const bindingId = String(body.data['binding_id']);
    const { callbackUrl, code } = await lime.completeBinding(bindingId);
    const passport = lime.binding(bindingId)?.passport ?? '';

    expect(callbackUrl).toBe(`${REDIRECT_URI}&passport=${passport}`);
    expect(code).toBe('');
    const keys = createLocalJWKSet(lime.publishedKeys());
    const { payload } = await jwtVerify(passport, keys, { audience: 'lime-binding' });
    expect(payload).toMatchObject({ binding_id: bindingId, passport_version: '3' });
    const exchange = await site.exchange('code');
    expect([exchange.status, exchange.body.error['code']]).toEqual([404, 'NOT_FOUND']);
  });

  it('stay pending as of 2026-07 when their passport cannot be signed', async () => {
    lime = await startSandbox({ platform: '2026-07' });
    const { body } = await new SiteClient(lime).bind(REDIRECT_URI);
    const bindingId = String(body.data['binding_id']);

    await expect(lime.completeBinding(bindingId, { big: 1n })).rejects.toThrow(/BigInt/);
    expect(lime.binding(bindingId)?.status).toBe('PENDING');
  });

  it('do not exist as of 2026-06', async () => {
    lime = await startSandbox({ platform: '2026-06' });
    const site = new SiteClient(lime);

    for (const reply of [await site.bind(REDIRECT_URI), await site.exchange('code')]) {
      expect([reply.status, reply.body.error['code']]).toEqual([404, 'NOT_FOUND']);
    }
  });
});
