import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { until } from '../support/until.js';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

describe('The binding requests of the sandbox', () => {
  let lime: LimeSandbox;
  let site: SiteClient;

  beforeEach(async () => {
    lime = await startSandbox();
    site = new SiteClient(lime);
  });
  afterEach(() => lime.stop());

  it('are created with 201 and a connect page', async () => {
    const reply = await site.bind('https://site.example/callback');
    const id = String(reply.body.data['binding_id']);

    expect(reply.status).toBe(201);
    expect(reply.body.data).toEqual({
      binding_id: expect.stringMatching(UUID),
      connect_url: `http://127.0.0.1:${lime.port}/connect/${id}`,
      status: 'PENDING',
      expires_at: expect.stringMatching(/Z$/),
    });
    expect(lime.binding(id)).toEqual({
      bindingId: id,
      status: 'PENDING',
      createdAt: expect.any(Date),
      expiresAt: expect.any(Date),
      redirectUri: 'https://site.example/callback',
      connectUrl: reply.body.data['connect_url'],
    });
    expect(lime.binding('unknown')).toBeUndefined();
  });

  it.each([
    ['http://localhost:3000/cb'],
    ['http://127.0.0.1/cb'],
    ['http://[::1]:8080/cb'],
    ['http://app.localhost/'],
  ])('accept the loopback address %s', async (uri) => {
    expect((await site.bind(uri)).status).toBe(201);
  });

  it.each([
    ['http://site.example/cb'],
    ['http://127.0.0.1.evil.example/'],
    ['/callback'],
    ['javascript:alert(1)'],
    ['not a url'],
    [''],
    [7],
    [undefined],
  ])('refuse %p as redirect_uri', async (uri) => {
    const reply = await site.bind(uri);

    expect(reply.status).toBe(400);
    expect(reply.body.error).toMatchObject({
      code: 'VALIDATION_ERROR',
      detail: { field: 'redirect_uri' },
    });
    expect(lime.bindings()).toEqual([]);
  });

  it('need a site token', async () => {
    expect((await site.bind('https://site.example/', { token: null })).status).toBe(401);
  });

  it('are made once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'k1' };
    const first = await site.bind('https://site.example/', { headers });
    const again = await site.bind('https://site.example/', { headers });

    expect(again.body.data).toEqual(first.body.data);
    expect(lime.bindings()).toHaveLength(1);
  });

  it('are completed on the page by one button and one redirect with a code', async () => {
    const { body } = await site.bind('https://site.example/cb?state=a%20b#top');
    const connectUrl = String(body.data['connect_url']);

    const page = await fetch(connectUrl);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).toContain('LIME sandbox');
    expect(html).toContain('Connect as Demo agent');

    const done = await fetch(connectUrl, { method: 'POST', redirect: 'manual' });
    const location = done.headers.get('location') ?? '';
    expect(done.status).toBe(303);
    expect(location).toMatch(
      /^https:\/\/site\.example\/cb\?state=a%20b&binding_code=[\w-]{43}#top$/,
    );
    expect(lime.bindings()[0]).toMatchObject({
      status: 'COMPLETED',
      agentId: lime.agent.agentId,
    });
    expect(lime.bindings()[0]).not.toHaveProperty('passport');

    const again = await fetch(connectUrl, { method: 'POST', redirect: 'manual' });
    expect(again.status).toBe(410);
    expect(await again.text()).toContain('COMPLETED');
  });

  it('are declined on the page: the browser goes back without a code', async () => {
    const redirectUri = 'https://site.example/cb?state=1';
    const { body } = await site.bind(redirectUri);
    const connectUrl = String(body.data['connect_url']);
    expect(await (await fetch(connectUrl)).text()).toContain('Not now');

    const declined = await fetch(connectUrl, {
      method: 'POST',
      body: new URLSearchParams({ decline: 'yes' }),
      redirect: 'manual',
    });

    expect(declined.status).toBe(303);
    expect(declined.headers.get('location')).toBe(redirectUri);
    expect(lime.bindings()[0]?.status).toBe('DECLINED');
    expect((await fetch(connectUrl)).status).toBe(410);
  });

  it('are completed as the chosen agent', async () => {
    const shopper = lime.addAgent({ displayName: 'Shopper & Co' });
    const { body } = await site.bind('https://site.example/cb');
    const connectUrl = String(body.data['connect_url']);
    expect(await (await fetch(connectUrl)).text()).toContain('Connect as Shopper &amp; Co');
    const connect = (agent: string) =>
      fetch(connectUrl, {
        method: 'POST',
        body: new URLSearchParams({ agent }),
        redirect: 'manual',
      });

    expect((await connect('unknown')).status).toBe(404);
    expect((await connect(shopper.agentId)).status).toBe(303);
    expect(lime.bindings()[0]).toMatchObject({ status: 'COMPLETED', agentId: shopper.agentId });
  });

  it('are not completed by another site’s page', async () => {
    const { body } = await site.bind('https://site.example/cb');
    const connectUrl = String(body.data['connect_url']);
    const refused = await fetch(connectUrl, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    });

    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('This is not allowed');
    expect(lime.bindings()[0]?.status).toBe('PENDING');
  });

  it('escape the redirect_uri on their page', async () => {
    const { body } = await site.bind(`https://site.example/?a='&b="<script>alert(1)</script>`);
    const html = await (await fetch(String(body.data['connect_url']))).text();

    expect(html).not.toContain('<script');
    expect(html).toContain('&amp;b=');
  });

  it('are completed or declined by a test', async () => {
    const create = async () =>
      String((await site.bind('https://site.example/cb')).body.data['binding_id']);
    const [completed, declined] = [await create(), await create()];
    const { callbackUrl, code } = await lime.completeBinding(completed);

    expect(callbackUrl).toBe(`https://site.example/cb?binding_code=${code}`);
    expect(lime.declineBinding(declined)).toEqual({ callbackUrl: 'https://site.example/cb' });
    for (const id of [completed, declined]) {
      await expect(lime.completeBinding(id)).rejects.toMatchObject({ code: 'BINDING_CLOSED' });
      expect(() => lime.declineBinding(id)).toThrow(/no longer pending/);
    }
    await expect(lime.completeBinding('unknown')).rejects.toMatchObject({
      code: 'BINDING_NOT_FOUND',
    });
  });

  it('expire, and show it on their page', async () => {
    await lime.stop();
    lime = await startSandbox({ bindingTtlMs: 10 });
    const { body } = await new SiteClient(lime).bind('https://site.example/cb');
    await until(() => lime.bindings()[0]?.status === 'EXPIRED');

    const page = await fetch(String(body.data['connect_url']));
    expect(page.status).toBe(410);
    expect(await page.text()).toContain('EXPIRED');
  });

  it('show a page for unknown ids', async () => {
    const page = await fetch(`http://127.0.0.1:${lime.port}/connect/%3Cb%3E`);

    expect(page.status).toBe(404);
    expect(await page.text()).toContain('no binding request &lt;b&gt;');
  });
});
