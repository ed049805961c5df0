import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { startSandbox } from '../support/start-sandbox.js';
import { ConsoleClient } from './support/console-client.js';
import { ConsoleEvents } from './support/console-events.js';
import { EventReader } from './support/event-reader.js';
import { SiteClient } from './support/site-client.js';

let lime: LimeSandbox;
let console: ConsoleClient;

beforeEach(async () => {
  lime = await startSandbox();
  console = new ConsoleClient(lime);
});
afterEach(() => lime.stop());

describe('The console page', () => {
  it('names the sandbox, and shows base URL, platform, requests and bindings', async () => {
    const empty = await console.page();
    expect(empty.response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(empty.html).toContain('This is not the real LIME');
    expect(empty.html).toContain(lime.baseUrl);
    expect(empty.html).toContain('<code>2026-09</code>');
    expect(empty.html).toContain('No login requests yet');
    expect(empty.html).toContain('No bindings yet');

    const approved = lime.createLoginRequest().requestId;
    await lime.approve(approved);
    const expired = lime.createLoginRequest().requestId;
    lime.expire(expired);
    await new SiteClient(lime).bind('https://site.example/cb?secret=1');
    const { html } = await console.page();
    expect(html).toMatch(new RegExp(`${approved}.+no stream open.+Demo agent`, 's'));
    expect(html).toMatch(new RegExp(`${expired}.+Expired`, 's'));
    expect(html).toContain('for https://site.example/cb<');
    expect(html).not.toMatch(/eyJ|st_sandbox|at_sandbox|secret/);
  });

  it('shows the newest 100 of very many requests', async () => {
    const made = Array.from({ length: 10_000 }, () => lime.createLoginRequest().requestId);
    const { html } = await console.page();

    expect(html.match(/<tr id="[\da-f-]{36}"/g)).toHaveLength(100);
    expect(html).toContain(`<tr id="${made.at(-1)}"`);
    expect(html).toContain('The newest 100 of 10,000.');
  });

  it('shows the start of a binding code, and its exchange', async () => {
    const site = new SiteClient(lime);
    const { body } = await site.bind('https://site.example/cb');
    const declined = await site.bind('https://site.example/cb');
    const { code } = await lime.completeBinding(String(body.data['binding_id']));
    lime.declineBinding(String(declined.body.data['binding_id']));
    const issued = (await console.page()).html;
    await site.exchange(code);
    const exchanged = (await console.page()).html;

    expect(issued).toMatch(
      new RegExp(`Declined.+Completed.+code ${code.slice(0, 6)}….+Demo agent`, 's'),
    );
    expect(exchanged).toMatch(/Completed.+code exchanged.+Demo agent/s);
    expect(issued + exchanged).not.toContain(code);
  });

  it('explains that 2026-06 has no bindings', async () => {
    await lime.stop();
    lime = await startSandbox({ platform: '2026-06' });
    const { html } = await new ConsoleClient(lime).page();

    expect(html).toContain('LIME introduced them after 2026-06');
    expect(html).toContain('<code>2026-06</code>');
  });

  it('allows only its own script and style, no frames, and no other sources', async () => {
    const { response, html } = await console.page();
    const policy = response.headers.get('content-security-policy') ?? '';
    const hashOf = (tag: string) => {
      const text = new RegExp(`<${tag}>(.+)</${tag}>`, 's').exec(html)?.[1] ?? '';
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };

    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src ${hashOf('style')}`,
      `script-src ${hashOf('script')}`,
      "connect-src 'self'",
      "form-action 'self'",
      'img-src data:',
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(html).not.toMatch(/\s(on\w+|style)=|(src|href)="(?!data:|\/connect)/);
  });

  it('escapes the names of agents', async () => {
    const evil = '"><script>alert(1)</script>';
    const agent = lime.addAgent({ agentId: evil, displayName: evil });
    const { requestId } = lime.createLoginRequest();
    await console.press(`/console/requests/${requestId}/approve`, { agent: agent.agentId });
    const { html } = await console.page();

    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('&quot;&gt;&lt;script&gt;alert(1)');
  });
});

describe('The buttons of the console', () => {
  it('create a login request', async () => {
    const reply = await console.press('/console/requests');

    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ ok: true, data: {} });
    expect(lime.requests()).toHaveLength(1);
  });

  it('approve as the chosen agent', async () => {
    const shopper = lime.addAgent({ displayName: 'Shopper' });
    const { requestId } = lime.createLoginRequest();
    const reader = await EventReader.open(lime);
    await console.press(`/console/requests/${requestId}/approve`, {
      agent: shopper.agentId,
    });

    const [event] = await reader.until(1);
    expect(event).toMatchObject({ type: 'approved', login_request_id: requestId });
    expect(decodeJwt(String(event?.['agent_passport_jwt']))).toMatchObject({
      sub: shopper.agentId,
      request_id: requestId,
    });
  });

  it('approve as the default agent without a choice', async () => {
    const { requestId } = lime.createLoginRequest();
    await console.press(`/console/requests/${requestId}/approve`);

    expect(decodeJwt(lime.request(requestId)?.passport ?? '')).toMatchObject({
      sub: lime.agent.agentId,
    });
  });

  it('do not approve with an unknown agent', async () => {
    const { requestId } = lime.createLoginRequest();
    const path = `/console/requests/${requestId}/approve`;
    const reply = await console.press(path, { agent: 'unknown' });

    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ ok: false, error: { code: 'AGENT_NOT_FOUND' } });
    expect(lime.request(requestId)?.status).toBe('PENDING');
  });

  it('expire a request, and refuse an expired one', async () => {
    const { requestId } = lime.createLoginRequest();
    const expire = () => console.press(`/console/requests/${requestId}/expire`);
    expect((await expire()).status).toBe(200);
    const late = await expire();

    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({ error: { code: 'SITE_LOGIN_CONFLICT' } });
    expect(lime.request(requestId)?.status).toBe('EXPIRED');
  });

  it('drop streams, rotate keys, suspend and reinstate the site', async () => {
    const reader = await EventReader.open(lime);
    await console.press('/console/streams/drop');
    expect(await reader.ended).toBe('end');

    await console.press('/console/keys/rotate');
    expect(lime.publishedKeys().keys).toHaveLength(2);
    await console.press('/console/keys/replace');
    expect(lime.publishedKeys().keys).toHaveLength(1);

    const site = new SiteClient(lime);
    await console.press('/console/site/suspend');
    expect((await site.create()).status).toBe(403);
    await console.press('/console/site/reinstate');
    expect((await site.create()).status).toBe(201);
  });

  it('redirect to the page without a script, and answer a refusal with a notice', async () => {
    const { requestId } = lime.createLoginRequest();
    const accept = 'text/html,application/xhtml+xml';
    const path = `/console/requests/${requestId}/expire`;
    const done = await console.press(path, {}, { accept });
    const late = await console.press(path, {}, { accept });

    expect([done.status, done.headers.get('location')]).toEqual([303, '/']);
    expect(late.status).toBe(409);
    expect(await late.text()).toContain('Too late');
  });
});

describe('The console', () => {
  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['an origin that is hidden', { origin: 'null' }],
    ['another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['another port, as the browser says', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a form from %s, with or without the token', async (_case, headers) => {
    const reply = await console.press('/console/requests', {}, headers);

    expect(reply.status).toBe(403);
    expect(await reply.json()).toMatchObject({ error: { code: 'CROSS_ORIGIN' } });
    expect(lime.requests()).toEqual([]);
  });

  it('accepts its own form with the headers of browsers', async () => {
    const origin = `http://127.0.0.1:${lime.port}`;
    const reply = await console.press(
      '/console/requests',
      {},
      { origin, 'sec-fetch-site': 'same-origin' },
    );

    expect(reply.status).toBe(200);
  });

  it.each(['', 'wrong', 'ä'.repeat(32)])('refuses a form with the token %p', async (token) => {
    const reply = await console.press('/console/requests', { token });

    expect(reply.status).toBe(403);
    expect(await reply.json()).toMatchObject({ error: { code: 'CONSOLE_TOKEN_INVALID' } });
  });

  it('refuses a form without a token', async () => {
    const reply = await fetch(`${lime.consoleUrl}console/requests`, { method: 'POST' });

    expect(reply.status).toBe(403);
    expect(lime.requests()).toEqual([]);
  });

  it('has another token in another sandbox', async () => {
    const other = await startSandbox();
    const theirs = /name="token" value="([^"]+)"/.exec(
      (await new ConsoleClient(other).page()).html,
    );
    const reply = await console.press('/console/requests', { token: theirs?.[1] ?? '' });

    expect(reply.status).toBe(403);
    await other.stop();
  });

  it('refuses its events to another site', async () => {
    const reply = await fetch(`${lime.consoleUrl}console/events`, {
      headers: { 'sec-fetch-site': 'cross-site' },
    });

    expect(reply.status).toBe(403);
  });

  it.each(['localhost', 'app.localhost:80', '127.0.0.1:1', '[::1]:4010', '127.1'])(
    'accepts the host name %s',
    async (host) => expect(await console.statusUnder(host)).toBe(200),
  );

  it.each(['evil.example', '127.0.0.1.evil.example', '192.168.0.7', 'a b', 'localhost.evil'])(
    'refuses the host name %s (DNS rebinding)',
    async (host) => expect(await console.statusUnder(host)).toBe(403),
  );

  it('accepts every address, but no other names, on a sandbox that listens on all addresses', async () => {
    const open = await startSandbox({ host: '0.0.0.0' });
    const client = new ConsoleClient(open);

    expect(await client.statusUnder('192.168.0.7:4010')).toBe(200);
    expect(await client.statusUnder('[fe80::1]')).toBe(200);
    expect(await client.statusUnder('evil.example')).toBe(403);
    await open.stop();
  });
});

describe('The events of the console', () => {
  it('begin with a snapshot, then carry only changes', async () => {
    const { requestId: first } = lime.createLoginRequest();
    const events = await ConsoleEvents.open(lime);
    const snapshot = await events.at(0);
    expect(snapshot).toMatchObject({
      event: 'snapshot',
      sandbox: expect.any(String),
      announcements: [],
    });
    expect(snapshot.lists['requests']?.ids).toEqual([first]);
    expect(snapshot.lists['bindings']).toEqual({ ids: [], rows: {} });
    expect(snapshot.parts['figures']).toContain('Open streams');

    const { requestId: second } = lime.createLoginRequest();
    const created = await events.at(1);
    expect(created.event).toBe('change');
    expect(created.lists['requests']?.ids).toEqual([second, first]);
    expect(Object.keys(created.lists['requests']?.rows ?? {})).toEqual([second]);
    expect(Object.keys(created.lists)).toEqual(['requests', 'activity']);
    expect(Object.keys(created.parts)).toEqual(['page-title', 'figures']);
    expect(created.announcements).toEqual([expect.stringContaining(`${second} created`)]);

    const began = performance.now();
    await lime.approve(first);
    const approved = await events.at(2);
    expect(performance.now() - began).toBeLessThan(100);
    expect(approved.lists['requests']?.rows[first]).toContain('Demo agent');
    expect(approved.announcements).toHaveLength(2);
    expect(JSON.stringify(events.all)).not.toMatch(/eyJ|sandbox_/);
  });

  it('carry a new agent and the state of the site', async () => {
    const events = await ConsoleEvents.open(lime);
    await events.at(0);
    lime.addAgent({ displayName: 'Newcomer' });
    expect((await events.at(1)).parts['approve-agent']).toContain('Newcomer');
    lime.suspendSite();

    expect((await events.at(2)).parts['site-control']).toContain('Reinstate site');
  });

  it('combine many changes into few events', async () => {
    const events = await ConsoleEvents.open(lime);
    await events.at(0);
    for (let made = 0; made < 10_000; made += 1) lime.createLoginRequest();
    const change = await events.at(1);

    expect(change.lists['requests']?.ids).toHaveLength(100);
    expect(change.lists['activity']?.ids).toHaveLength(12);
    expect(change.parts['requests-note']).toBe('The newest 100 of 10,000.');
    expect(change.announcements).toHaveLength(3);
    expect(events.all.length).toBeLessThan(4);
  });

  it('begin with a snapshot for a page that reconnects, and name the sandbox', async () => {
    const events = await ConsoleEvents.open(lime);
    const { sandbox } = await events.at(0);
    events.close();
    const { requestId } = lime.createLoginRequest();
    const again = await (await ConsoleEvents.open(lime)).at(0);

    expect(again.sandbox).toBe(sandbox);
    expect(again.lists['requests']?.ids).toEqual([requestId]);
  });
});
