import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { type LimeSandbox, ManualClock, type SandboxActivity } from 'nestjs-lime-sites/testing';
import { startSandbox } from '../support/start-sandbox.js';
import { SiteClient } from './support/site-client.js';

describe('The binding codes of the sandbox', () => {
  const clock = new ManualClock();
  let lime: LimeSandbox;
  let site: SiteClient;
  let activities: SandboxActivity[];

  beforeEach(async () => {
    lime = await startSandbox({ clock });
    site = new SiteClient(lime);
    activities = [];
    lime.onActivity((activity) => activities.push(activity));
  });
  afterEach(() => lime.stop());

  async function completed(claims?: Record<string, unknown>) {
    const { body } = await site.bind('https://site.example/cb');
    const bindingId = String(body.data['binding_id']);
    return { bindingId, ...(await lime.completeBinding(bindingId, claims)) };
  }

  it('are exchanged for the binding passport, signed at that moment', async () => {
    const { bindingId, code } = await completed({ scope: 'read' });
    clock.advance(20_000);
    const reply = await site.exchange(code);

    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ok: true, data: { passport: expect.any(String) } });
    const passport = String(reply.body.data['passport']);
    const { payload } = await jwtVerify(passport, createLocalJWKSet(lime.publishedKeys()), {
      currentDate: new Date(clock.now()),
    });
    const iat = Math.floor(clock.now() / 1000);
    expect(payload).toEqual({
      iss: new URL(lime.baseUrl).origin,
      sub: lime.agent.agentId,
      aud: 'lime-binding',
      binding_id: bindingId,
      user_id: lime.agent.userId,
      passport_version: '5',
      scope: 'read',
      iat,
      exp: iat + 60,
    });
    expect(lime.binding(bindingId)?.passport).toBe(passport);
  });

  it('are refused after their use, also when two exchanges race', async () => {
    const { code } = await completed();
    const replies = await Promise.all([site.exchange(code), site.exchange(code)]);

    expect(replies.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 400]));
    expect((await site.exchange(code)).body.error['code']).toBe('BINDING_CODE_INVALID');
  });

  it('are refused after a minute', async () => {
    const [inTime, late] = [await completed(), await completed()];
    clock.advance(59_999);
    expect((await site.exchange(inTime.code)).status).toBe(200);
    clock.advance(1);
    const reply = await site.exchange(late.code);

    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({
      ok: false,
      error: { code: 'BINDING_CODE_INVALID', message: expect.any(String) },
    });
  });

  it.each([[undefined], [''], [7], [['a']]])('cannot be %p', async (code) => {
    const reply = await site.exchange(code);

    expect(reply.status).toBe(400);
    expect(reply.body.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      detail: { field: 'binding_code' },
    });
  });

  it('need a site token, and survive an exchange without one', async () => {
    const { code } = await completed();

    expect((await site.exchange(code, { token: null })).status).toBe(401);
    expect((await site.exchange(code, { token: 'st_wrong' })).status).toBe(401);
    lime.suspendSite();
    expect((await site.exchange(code)).status).toBe(403);
    lime.reinstateSite();
    expect((await site.exchange(code)).status).toBe(200);
  });

  it('are named in activities by their first characters only', async () => {
    const { bindingId, code } = await completed();
    await site.exchange(code);
    await site.exchange(code);
    await site.exchange('made-up');
    const codeStart = code.slice(0, 6);

    expect(activities.slice(1)).toMatchObject([
      { kind: 'binding-completed', bindingId, codeStart },
      { kind: 'code-exchanged', bindingId, codeStart },
      { kind: 'code-refused', codeStart, reason: 'used' },
      { kind: 'code-refused', codeStart: 'made-u', reason: 'unknown' },
    ]);
    expect(JSON.stringify(activities)).not.toContain(code);
    expect(JSON.stringify(lime.calls)).not.toContain(code);
  });
});
