import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { until } from '../support/until.js';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

describe('The login requests of the sandbox', () => {
  let lime: LimeSandbox;
  let site: SiteClient;

  beforeEach(async () => {
    lime = await startSandbox();
    site = new SiteClient(lime);
  });
  afterEach(() => lime.stop());

  it('are created pending, with 201 and an expiry two minutes ahead', async () => {
    const before = Date.now();
    const reply = await site.create();

    expect(reply.status).toBe(201);
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(reply.body).toEqual({
      ok: true,
      data: {
        login_request_id: expect.stringMatching(UUID),
        status: 'PENDING',
        expires_at: expect.stringMatching(/^\d{4}-.+Z$/),
      },
    });
    const ttl = Date.parse(String(reply.body.data['expires_at'])) - before;
    expect(ttl).toBeGreaterThanOrEqual(120_000);
    expect(ttl).toBeLessThan(125_000);
  });

  it('are created from an empty body too', async () => {
    expect((await site.create({ body: '' })).status).toBe(201);
  });

  it('have a status, and 404 for an unknown id', async () => {
    const id = await site.createId();

    expect((await site.status(id)).body.data).toMatchObject({ status: 'PENDING' });
    await lime.approve(id);
    expect((await site.status(id)).body.data).toMatchObject({ status: 'APPROVED' });

    const unknown = await site.status('lr_none');
    expect(unknown.status).toBe(404);
    expect(unknown.body.error['code']).toBe('SITE_LOGIN_REQUEST_NOT_FOUND');
  });

  it('have a status under a percent-encoded id, and 404 for a broken encoding', async () => {
    const id = await site.createId();

    expect((await site.status(id.replaceAll('-', '%2D'))).status).toBe(200);
    expect((await site.status('%E0%A4%A')).status).toBe(404);
    expect((await site.status('')).body.error['code']).toBe('NOT_FOUND');
  });

  it('expire after their lifetime', async () => {
    await lime.stop();
    lime = await startSandbox({ requestTtlMs: 15 });
    const { requestId } = lime.createLoginRequest();

    await until(() => lime.request(requestId)?.status === 'EXPIRED');

    expect((await new SiteClient(lime).status(requestId)).body.data).toMatchObject({
      status: 'EXPIRED',
    });
  });

  it('do not expire once they are approved', async () => {
    await lime.stop();
    lime = await startSandbox({ requestTtlMs: 60 });
    const approved = lime.createLoginRequest().requestId;
    const forgotten = lime.createLoginRequest().requestId;
    await lime.approve(approved);

    await until(() => lime.request(forgotten)?.status === 'EXPIRED');

    expect(lime.request(approved)?.status).toBe('APPROVED');
  });

  it('are listed as snapshots, oldest first', async () => {
    const { requestId: first } = lime.createLoginRequest();
    const { requestId: second, expiresAt } = lime.createLoginRequest();
    const before = lime.requests();
    const { passport } = await lime.approve(first);

    expect(before.map(({ requestId }) => requestId)).toEqual([first, second]);
    expect(before[0]?.status).toBe('PENDING');
    expect(lime.request(first)).toMatchObject({
      status: 'APPROVED',
      approvedAgentId: lime.agent.agentId,
      passport,
    });
    expect(lime.request(second)).toEqual({
      requestId: second,
      status: 'PENDING',
      createdAt: expect.any(Date),
      expiresAt,
    });
    expect(lime.request('lr_none')).toBeUndefined();
  });

  it('are made once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'k1' };
    const first = await site.create({ headers });
    const again = await site.create({ headers });
    const other = await site.create({ headers: { 'idempotency-key': 'k2' } });

    expect(again.status).toBe(201);
    expect(again.body.data).toEqual(first.body.data);
    expect(other.body.data).not.toEqual(first.body.data);
    expect(lime.requests()).toHaveLength(2);
  });

  it('have one outcome: the sandbox refuses a second one, and one of an unknown request', async () => {
    const { requestId } = lime.createLoginRequest();
    lime.expire(requestId);

    await expect(lime.approve(requestId)).rejects.toMatchObject({
      code: 'SITE_LOGIN_CONFLICT',
      message: expect.stringContaining('EXPIRED'),
    });
    expect(() => lime.expire(requestId)).toThrow(/no longer pending/);
    await expect(lime.approve('lr_none')).rejects.toMatchObject({
      code: 'SITE_LOGIN_REQUEST_NOT_FOUND',
    });
  });

  it('have one outcome when two approvals race', async () => {
    const { requestId } = lime.createLoginRequest();
    const both = await Promise.allSettled([lime.approve(requestId), lime.approve(requestId)]);

    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('can wait by the hundred thousand', async () => {
    for (let made = 0; made < 100_000; made += 1) lime.createLoginRequest();

    expect(lime.requests()).toHaveLength(100_000);
  });

  it.each([
    ['without a token', { token: null }, 401, 'SITE_TOKEN_MISSING'],
    ['with a blank token', { token: ' ' }, 401, 'SITE_TOKEN_MISSING'],
    ['with a wrong token', { token: 'st_wrong' }, 401, 'SITE_TOKEN_INVALID'],
    ['with a body that is not JSON', { body: '{"a":' }, 400, 'INVALID_JSON'],
    ['with a body that is not an object', { body: '[1]' }, 400, 'VALIDATION_ERROR'],
    ['with a body over 64 KiB', { body: 'x'.repeat(65 * 1024) }, 413, 'PAYLOAD_TOO_LARGE'],
  ])('are refused %s', async (_case, options, status, code) => {
    const reply = await site.create(options);

    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({ ok: false, error: { code, message: expect.any(String) } });
    expect(lime.requests()).toHaveLength(0);
  });

  it('are refused with 403 while the site is suspended, streams and status too', async () => {
    const id = await site.createId();
    lime.suspendSite();
    lime.suspendSite();

    for (const path of ['/modules/agent-login/events', `/modules/agent-login/requests/${id}`]) {
      const reply = await site.call(path);
      expect(reply.status).toBe(403);
      expect(reply.body.error['code']).toBe('SITE_SUSPENDED');
    }
    expect((await site.create()).status).toBe(403);

    lime.reinstateSite();
    expect((await site.create()).status).toBe(201);
  });
});

describe('Paths outside of the protocol', () => {
  it('answer 404 in the envelope, wrong methods 405 with Allow', async () => {
    const lime = await startSandbox();
    const site = new SiteClient(lime);

    const unknown = await site.call('/modules/nothing');
    expect(unknown.status).toBe(404);
    expect(unknown.body.error['code']).toBe('NOT_FOUND');

    const wrong = await site.call('/modules/agent-login/requests', { method: 'DELETE' });
    expect(wrong.status).toBe(405);
    expect(wrong.body.error['code']).toBe('METHOD_NOT_ALLOWED');
    expect(wrong.headers.get('allow')).toBe('POST');

    await lime.stop();
  });
});

describe('The log of calls', () => {
  it('contains method, path, target and headers, but not a token', async () => {
    const lime = await startSandbox();
    const site = new SiteClient(lime);
    await site.create({ headers: { 'idempotency-key': 'k1' } });
    await site.call('/core/agents/me/profile?x=1', { token: null, agentToken: lime.agentToken });
    await site.call('/nowhere', { token: null });

    expect(lime.calls).toMatchObject([
      {
        method: 'POST',
        path: '/modules/agent-login/requests',
        target: 'create',
        siteToken: true,
        agentToken: false,
        headers: { 'x-site-token': '[present]', 'idempotency-key': 'k1' },
        at: expect.any(Date),
      },
      { path: '/core/agents/me/profile', target: 'profile', siteToken: false, agentToken: true },
      { path: '/nowhere' },
    ]);
    expect(lime.calls[2]).not.toHaveProperty('target');
    expect(JSON.stringify(lime.calls)).not.toContain(lime.siteToken);
    expect(lime.callCount('create')).toBe(1);
    expect(lime.callCount('jwks')).toBe(0);

    await lime.stop();
  });
});
