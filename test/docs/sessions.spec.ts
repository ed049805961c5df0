import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { bearer } from '../support/own-login.js';
import { startSandbox } from '../support/start-sandbox.js';
import { Browser, PUBLIC_URL, SessionsGuide } from './sessions-guide.js';

describe('The site of docs/sessions.md', () => {
  const closeLater = useCleanup();
  let guide: SessionsGuide;
  let lime: LimeSandbox;

  beforeAll(async () => {
    [guide, lime] = await Promise.all([SessionsGuide.compile(), startSandbox()]);
  });

  afterAll(async () => {
    await lime.stop();
    await guide.remove();
  });

  async function logIn(browser: Browser, sub: string): Promise<void> {
    await lime.approve(await browser.startLogin(), { sub });
    expect(await browser.untilOutcome()).toBe('approved');
  }

  describe.each(['src/main.js', 'src/main.fastify.js'])('started by %s', (main) => {
    let site: Awaited<ReturnType<SessionsGuide['start']>>;
    const open = () => new Browser(site.url);

    beforeAll(async () => {
      site = await guide.start(lime, main);
      await lime.whenStreamOpen(1, 20_000);
    });

    afterAll(() => site.stop());

    it('signs the browser in that started the login, with a new session id', async () => {
      const [browser, other] = [open(), open()];
      const requestId = await browser.startLogin();
      const planted = browser.cookie;
      expect(await browser.send('GET', '/login')).toMatchObject({ body: { state: 'pending' } });
      expect(await browser.send('GET', '/account')).toMatchObject({ status: 401 });
      await other.startLogin();

      await lime.approve(requestId, { sub: 'agent-1' });
      expect(await browser.untilOutcome()).toBe('approved');
      const account = { status: 200, body: { agentId: 'agent-1' } };
      expect(await browser.send('GET', '/account')).toMatchObject(account);

      expect(browser.cookie).not.toBe(planted);
      for (const cookie of [planted, other.cookie]) {
        other.cookie = cookie;
        expect(await other.send('GET', '/account')).toMatchObject({ status: 401 });
        expect(await other.send('GET', '/login')).not.toMatchObject({
          body: { state: 'approved' },
        });
      }
    });

    it('signs no browser in by an expired login', async () => {
      const browser = open();
      lime.expire(await browser.startLogin());
      expect(await browser.untilOutcome()).toBe('expired');
      expect(await browser.send('GET', '/account')).toMatchObject({ status: 401 });
    });

    it('signs one of two requests at once in', async () => {
      const [browser, twin] = [open(), open()];
      await lime.approve(await browser.startLogin());
      twin.cookie = browser.cookie;
      const states = await Promise.all([browser.untilOutcome(), twin.untilOutcome()]);
      expect(states).toContain('approved');
      const answers = await Promise.all([
        browser.send('GET', '/account'),
        twin.send('GET', '/account'),
      ]);
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    });

    it('ends the session on the server when the browser logs out', async () => {
      const browser = open();
      await logIn(browser, 'agent-1');
      const stolen = browser.cookie;
      expect(await browser.send('POST', '/logout')).toMatchObject({ status: 204 });
      browser.cookie = stolen;
      expect(await browser.send('GET', '/account')).toMatchObject({ status: 401 });
    });

    it('sets a __Host- cookie in production, and one for http://localhost otherwise', async () => {
      const browser = open();
      await browser.startLogin();
      const attributes = browser.setCookie?.split('; ').slice(1);
      expect(browser.cookie).toMatch(/^__Host-session=/);
      expect(attributes?.toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);

      const development = await guide.start(lime, main, 'development');
      closeLater(() => development.stop());
      const local = new Browser(development.url);
      await local.send('POST', '/login', { 'x-forwarded-proto': 'http' });
      expect(local.cookie).toMatch(/^session=/);
      expect(local.setCookie).not.toContain('Secure');
    });

    it('accepts a passport in place of the session, and refuses a bad one beside it', async () => {
      const [browser, agent] = [open(), open()];
      await logIn(browser, 'agent-1');
      const requestId = await open().startLogin();
      const passport = await lime.signPassport({ request_id: requestId, sub: 'agent-2' });
      const account = { status: 200, body: { agentId: 'agent-2' } };
      expect(await agent.send('GET', '/account', bearer(passport))).toMatchObject(account);
      expect(await browser.send('GET', '/account', bearer(passport))).toMatchObject(account);
      const refused = { status: 401, body: { code: 'invalid_token' } };
      expect(await browser.send('GET', '/account', bearer('a.b.c'))).toMatchObject(refused);
    });

    it('leads an agent from the 401 to /auth.md, whose steps log it in', async () => {
      const agent = open();
      const follow = (address: string) => agent.send('GET', address.slice(PUBLIC_URL.length));
      const { headers } = await agent.send('GET', '/account');
      const challenge = headers.get('www-authenticate') ?? '';
      const [, metadataUrl = ''] = /^Bearer resource_metadata="([^"]+)"$/.exec(challenge) ?? [];
      const metadata = (await follow(metadataUrl)).body;
      expect(metadata).toMatchObject({ resource: PUBLIC_URL });
      const page = await follow(
        (metadata as Record<string, string>)['resource_documentation'] ?? '',
      );
      expect(page.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
      const steps = [...String(page.body).matchAll(/(GET|POST) https:\/\/your\.app(\/\w+)/g)];
      expect(steps.map(([, method, path]) => `${method} ${path}`)).toEqual([
        'POST /login',
        'GET /login',
        'POST /logout',
      ]);
      await logIn(agent, 'agent-1');
      expect(await agent.send('GET', '/account')).toMatchObject({ status: 200 });
    });
  });
});
