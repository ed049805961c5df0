import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type LimeSandbox, SandboxAgent, solveProofOfWork } from 'nestjs-lime-sites/testing';
import { EventReader } from './support/event-reader.js';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

describe('The agents of the sandbox', () => {
  let lime: LimeSandbox;
  let site: SiteClient;

  beforeEach(async () => {
    lime = await startSandbox();
    site = new SiteClient(lime);
  });
  afterEach(() => lime.stop());

  it('log in over HTTP: challenge, proof of work, approval', async () => {
    const reader = await EventReader.open(lime);
    const { requestId, expiresAt } = lime.createLoginRequest();
    const approval = await new SandboxAgent(lime).login(requestId);

    expect(approval).toEqual({
      requestId,
      status: 'DELIVERED',
      siteId: expect.any(String),
      expiresAt,
      approvedAgentId: lime.agent.agentId,
      nonce: String(approval.attempts - 1),
      attempts: expect.any(Number),
    });
    expect((await reader.until(1))[0]).toMatchObject({ type: 'approved' });
  });

  it('log in without work when the difficulty is 0', async () => {
    await lime.stop();
    lime = await startSandbox({ powDifficulty: 0 });
    const { requestId } = lime.createLoginRequest();

    expect(await new SandboxAgent(lime).login(requestId)).toMatchObject({
      status: 'APPROVED',
      nonce: '0',
      attempts: 0,
    });
  });

  it('can be several, each with its own profile and token', async () => {
    const made = lime.addAgent({ displayName: 'Second' });
    const named = lime.addAgent({ agentId: 'a-1', userId: 'u-1', agentToken: 'at_mine' });
    const { requestId } = lime.createLoginRequest();
    const { baseUrl } = lime;
    const agent = new SandboxAgent({ baseUrl: `${baseUrl}/`, agentToken: made.agentToken });

    expect((await agent.login(requestId)).approvedAgentId).toBe(made.agentId);
    expect(named).toMatchObject({ agentId: 'a-1', userId: 'u-1', agentToken: 'at_mine' });
    const profile = await site.call('/core/agents/me/profile', { agentToken: made.agentToken });
    expect(profile.body.data).toEqual({
      agent_id: made.agentId,
      user_id: made.userId,
      display_name: 'Second',
      avatar_url: null,
      description: expect.any(String),
    });
  });

  it('get the challenge without a token', async () => {
    const { requestId, expiresAt } = lime.createLoginRequest();
    const reply = await site.call(`/auth/requests/${requestId}`, { token: null });

    expect(reply.body.data).toEqual({
      request_id: requestId,
      status: 'PENDING',
      pow_challenge: expect.any(String),
      pow_difficulty: 8,
      expires_at: expiresAt.toISOString(),
    });
    expect((await site.call('/auth/requests/lr_none')).body.error['code']).toBe(
      'SITE_LOGIN_REQUEST_NOT_FOUND',
    );
  });

  it.each([
    ['no token', undefined, { pow_nonce: '0' }, 401, 'MISSING_AGENT_TOKEN'],
    ['a wrong token', 'at_wrong', { pow_nonce: '0' }, 401, 'INVALID_AGENT_TOKEN'],
    ['no nonce', 'right', {}, 400, 'MISSING_POW_NONCE'],
    ['an empty nonce', 'right', { pow_nonce: '' }, 400, 'MISSING_POW_NONCE'],
    ['a nonce that is a number', 'right', { pow_nonce: 7 }, 400, 'MISSING_POW_NONCE'],
    ['a nonce that is not decimal', 'right', { pow_nonce: '0x7' }, 400, 'INVALID_POW'],
    ['a body that is not JSON', 'right', 'nonsense', 400, 'INVALID_JSON'],
  ])('cannot approve with %s', async (_case, token, body, status, code) => {
    const { requestId } = lime.createLoginRequest();
    const reply = await site.approve(requestId, body, token === 'right' ? lime.agentToken : token);

    expect([reply.status, reply.body.error['code']]).toEqual([status, code]);
    expect(lime.request(requestId)?.status).toBe('PENDING');
  });

  it('can try again after a wrong nonce: the challenge stays valid', async () => {
    const { requestId } = lime.createLoginRequest();
    const { body } = await site.call(`/auth/requests/${requestId}`);
    const challenge = String(body.data['pow_challenge']);
    const { nonce } = await solveProofOfWork(challenge, 8);
    const isWrong = (candidate: number) =>
      createHash('sha256').update(`lime:pow:v1\0${challenge}\0${candidate}`).digest()[0] !== 0;
    const wrong = [0, 1, 2, 3].find(isWrong);

    const refused = await site.approve(requestId, { pow_nonce: `${wrong}` }, lime.agentToken);
    expect([refused.status, refused.body.error['code']]).toEqual([400, 'INVALID_POW']);
    const taken = await site.approve(requestId, { pow_nonce: nonce }, lime.agentToken);
    expect(taken.status).toBe(200);
  });

  it('get the refusal of a login request that is unknown or not pending', async () => {
    const agent = new SandboxAgent(lime);
    const { requestId } = lime.createLoginRequest();
    lime.expire(requestId);

    await expect(agent.login(requestId)).rejects.toMatchObject({
      code: 'SITE_LOGIN_CONFLICT',
      httpStatus: 409,
    });
    await expect(agent.login('lr_none')).rejects.toMatchObject({
      code: 'SITE_LOGIN_REQUEST_NOT_FOUND',
      httpStatus: 404,
    });
  });

  it('reject without an answer, or with one that is not in the envelope', async () => {
    const agent = new SandboxAgent(lime);
    const { requestId } = lime.createLoginRequest();
    lime.faults.reset('challenge');
    lime.faults.respond('challenge', { status: 200, body: '<html>' });
    lime.faults.respond('challenge', { status: 200, body: 'null' });
    lime.faults.respond('challenge', { status: 502, body: { message: 'bad gateway' } });

    for (let time = 0; time < 4; time += 1) {
      await expect(agent.login(requestId)).rejects.toMatchObject({ code: 'SANDBOX_AGENT_FAILED' });
    }
  });

  it('stop waiting when their signal aborts', async () => {
    const agent = new SandboxAgent(lime);
    const { requestId } = lime.createLoginRequest();
    const stopping = new AbortController();
    lime.faults.hang('challenge');
    const login = agent.login(requestId, { signal: stopping.signal });
    stopping.abort(new Error('enough'));

    await expect(login).rejects.toThrow('enough');
  });
});
