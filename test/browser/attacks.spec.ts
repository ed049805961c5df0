import { expect, it } from '@jest/globals';
import { useCleanup } from '../support/cleanup.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { describeInBrowser, useBrowser } from './support/browser.js';
import { type Sample, useSample } from './support/use-sample.js';

describeInBrowser('The sample under attack', () => {
  const openPage = useBrowser();
  const startSample = useSample();
  const closeLater = useCleanup();

  /** Serves a page of another origin that posts to the site as soon as it loads. */
  async function evilPage(action: string): Promise<string> {
    const server = await LoopbackServer.start((_request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(
        `<form method="post" action="${action}"></form><script>document.forms[0].submit()</script>`,
      );
    });
    closeLater(() => server.stop());
    return server.url;
  }

  it('does not sign in another browser that knows the request id', async () => {
    const sample = await startSample();
    const [owner, thief] = [await openPage(), await openPage()];

    const requestId = await sample.startLogin(owner);
    const waitingUrl = owner.url();
    expect((await thief.goto(waitingUrl))?.status()).toBe(404);
    expect((await thief.goto(`${waitingUrl}/events`))?.status()).toBe(404);
    expect((await thief.goto(`${sample.url}/api/logins/${requestId}`))?.status()).toBe(404);

    await sample.lime.approve(requestId);
    await owner.waitForURL(`${sample.url}/account`);
    expect((await thief.goto(waitingUrl))?.status()).toBe(404);
    await thief.goto(`${sample.url}/account`);
    expect(thief.url()).toBe(`${sample.url}/`);
    expect((await thief.goto(`${sample.url}/api/me`))?.status()).toBe(401);
  });

  it('does not show a browser with its own login the login of another one', async () => {
    const sample = await startSample();
    const [owner, thief] = [await openPage(), await openPage()];

    const requestId = await sample.startLogin(owner);
    await sample.startLogin(thief);
    expect((await thief.goto(owner.url()))?.status()).toBe(404);

    await sample.lime.approve(requestId);
    await owner.waitForURL(`${sample.url}/account`);
    await thief.goto(`${sample.url}/account`);
    expect(thief.url()).toBe(`${sample.url}/`);
  });

  it.each(['127.0.0.1', 'localhost'])(
    'refuses a log-out and a login from a page at another port of %s',
    async (host) => {
      const sample = await startSample();
      const page = await openPage();

      await sample.logIn(page);
      for (const path of ['/logout', '/login', '/account/agents', '/api/logins']) {
        const evil = await evilPage(sample.url + path);
        const [response] = await Promise.all([
          page.waitForResponse((answer) => answer.url() === sample.url + path),
          page.goto(evil.replace('127.0.0.1', host)).catch(() => undefined),
        ]);
        expect(response.status()).toBe(403);
      }
      await page.goto(`${sample.url}/account`);
      expect(page.url()).toBe(`${sample.url}/account`);
      expect(sample.lime.requests()).toHaveLength(1);
    },
  );

  it('does not sign in the owner of a planted cookie (session fixation)', async () => {
    const sample = await startSample();
    const [victim, attacker] = [await openPage(), await openPage()];

    await sample.startLogin(attacker);
    await victim.context().addCookies(await attacker.context().cookies());
    await sample.logIn(victim);

    await attacker.goto(`${sample.url}/account`);
    expect(attacker.url()).toBe(`${sample.url}/`);
  });

  it('refuses a forged session cookie', async () => {
    const sample = await startSample();
    const [owner, thief] = [await openPage(), await openPage()];

    await sample.logIn(owner);
    const [cookie] = await owner.context().cookies();
    if (!cookie) throw new Error('no cookie');
    const [id] = cookie.value.split('.');
    await thief.context().addCookies([{ ...cookie, value: `${id}.${'A'.repeat(43)}` }]);
    await thief.goto(`${sample.url}/account`);

    expect(thief.url()).toBe(`${sample.url}/`);
  });

  it('hides the session cookie from scripts and other sites', async () => {
    const sample = await startSample();
    const page = await openPage();

    await sample.logIn(page);

    const [cookie, ...others] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', expires: -1 });
    expect(others).toEqual([]);
  });

  it('forbids frames and foreign scripts', async () => {
    const sample = await startSample();

    const { headers } = await fetch(sample.url);

    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('escapes markup in claims', async () => {
    const sample = await startSample();
    const page = await openPage();
    const name = '<img src=x onerror=alert(1)>';

    await sample.logIn(page, { user_id: name, role: '</pre><script>alert(1)</script>' });

    expect(await page.locator('dd', { hasText: name }).count()).toBe(1);
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  it('refuses a foreign Host header for the callback of a binding', async () => {
    const sample = await startSample();

    const answer = await postFrom(sample, 'evil.example');

    expect(answer).toBe(421);
    expect(sample.lime.bindings()).toEqual([]);
  });
});

/** Starts a binding with another Host header than the site's. */
async function postFrom(sample: Sample, host: string): Promise<number> {
  const { request } = await import('undici');
  const started = await request(`${sample.url}/api/logins`, { method: 'POST' });
  const { requestId } = (await started.body.json()) as { requestId: string };
  const cookie = String(started.headers['set-cookie']).split(';')[0] ?? '';
  await sample.lime.approve(requestId);
  await sample.outcome(requestId);
  const headers = { host, cookie };
  const { statusCode, body } = await request(`${sample.url}/account/agents`, {
    method: 'POST',
    headers,
  });
  await body.dump();
  return statusCode;
}
