import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { CompiledPackage } from '../support/child-app.js';
import { DocsExample } from '../support/docs-example.js';
import { bearer } from '../support/own-login.js';
import { startSandbox } from '../support/start-sandbox.js';
import { until } from '../support/until.js';

const DOCUMENT = 'docs/sessions.md';
const FILES = [
  'src/app.module.ts',
  'src/auth-md.controller.ts',
  'src/login.controller.ts',
  'src/logins.ts',
  'src/main.fastify.ts',
  'src/main.ts',
  'src/session-or-passport.guard.ts',
  'src/session.ts',
];
const PUBLIC_URL = 'https://your.app';

/** Keeps the cookies of a site as a browser does, over HTTPS by a proxy. */
class Browser {
  cookie: string | undefined;
  /** The last `Set-Cookie`. */
  setCookie: string | undefined;

  constructor(private readonly url: string) {}

  async send(method: string, path: string, headers: Record<string, string> = {}) {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        'x-forwarded-proto': 'https',
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...headers,
      },
    });
    const [set] = answer.headers.getSetCookie();
    if (set !== undefined) [this.setCookie, this.cookie] = [set, set.split(';')[0]];
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json');
    const body: unknown = isJson ? JSON.parse(text) : text;
    return { status: answer.status, headers: answer.headers, body };
  }

  async startLogin(): Promise<string> {
    const { body } = await this.send('POST', '/login');
    return (body as { requestId: string }).requestId;
  }

  /** Asks for the state until it is no longer pending. */
  async untilOutcome(): Promise<unknown> {
    let body: unknown;
    await until(async () => {
      ({ body } = await this.send('GET', '/login'));
      return (body as { state: string }).state !== 'pending';
    });
    return body;
  }
}

interface RunningSite {
  readonly lime: LimeSandbox;
  readonly open: () => Browser;
  readonly stop: () => Promise<void>;
}

describe('The site of docs/sessions.md', () => {
  let compiled: CompiledPackage;

  beforeAll(async () => {
    compiled = await CompiledPackage.create();
    for (const name of FILES) {
      await compiled.add(name, (await DocsExample.read(DOCUMENT, name)).code);
    }
  });

  afterAll(() => compiled.remove());

  async function startSite(main: string, NODE_ENV: string): Promise<RunningSite> {
    const lime = await startSandbox();
    const port = await freePort();
    const PORT = String(port);
    const SESSION_SECRET = 'only for this test, only for this test';
    const env = { ...lime.env(), PORT, SESSION_SECRET, NODE_ENV, PUBLIC_URL };
    const child = compiled.start(main, env);
    const stop = async () => {
      child.kill('SIGTERM');
      await child.ended;
      await lime.stop();
    };
    const url = `http://127.0.0.1:${port}`;
    await until(() =>
      fetch(url).then(
        () => true,
        () => !child.running,
      ),
    );
    return { lime, open: () => new Browser(url), stop };
  }

  async function logIn(browser: Browser, lime: LimeSandbox, sub: string): Promise<void> {
    await lime.approve(await browser.startLogin(), { sub });
    expect(await browser.untilOutcome()).toEqual({ state: 'approved' });
  }

  describe.each(['src/main.js', 'src/main.fastify.js'])('started by %s', (main) => {
    let site: RunningSite;

    beforeAll(async () => {
      site = await startSite(main, 'production');
    });

    afterAll(() => site.stop());

    it('signs the browser in that started the login, with a new session id', async () => {
      const { lime, open } = site;
      const [browser, other] = [open(), open()];
      const requestId = await browser.startLogin();
      const planted = browser.cookie;
      expect(await browser.send('GET', '/login')).toMatchObject({ body: { state: 'pending' } });
      expect(await browser.send('GET', '/account')).toMatchObject({ status: 401 });
      await other.startLogin();

      await lime.approve(requestId, { sub: 'agent-1' });
      expect(await browser.untilOutcome()).toEqual({ state: 'approved' });
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
      const { lime, open } = site;
      const browser = open();
      lime.expire(await browser.startLogin());
      expect(await browser.untilOutcome()).toEqual({ state: 'expired' });
      expect(await browser.send('GET', '/account')).toMatchObject({ status: 401 });
    });

    it('signs one of two requests at once in', async () => {
      const { lime, open } = site;
      const [browser, twin] = [open(), open()];
      await lime.approve(await browser.startLogin());
      twin.cookie = browser.cookie;
      const states = await Promise.all([browser.untilOutcome(), twin.untilOutcome()]);
      expect(states).toContainEqual({ state: 'approved' });
      const answers = await Promise.all([
        browser.send('GET', '/account'),
        twin.send('GET', '/account'),
      ]);
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    });

    it('ends the session on the server when the browser logs out', async () => {
      const { lime, open } = site;
      const browser = open();
      await logIn(browser, lime, 'agent-1');
      const stolen = browser.cookie;
      expect(await browser.send('POST', '/logout')).toMatchObject({ status: 204 });
      browser.cookie = stolen;
      expect(await browser.send('GET', '/account')).toMatchObject({ status: 401 });
    });

    it('sets a __Host- cookie in production, and one for http://localhost otherwise', async () => {
      const { open } = site;
      const browser = open();
      await browser.startLogin();
      const attributes = browser.setCookie?.split('; ').slice(1);
      expect(browser.cookie).toMatch(/^__Host-session=/);
      expect(attributes?.toSorted()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);

      const development = await startSite(main, 'development');
      const local = development.open();
      await local.send('POST', '/login', { 'x-forwarded-proto': 'http' });
      await development.stop();
      expect(local.cookie).toMatch(/^session=/);
      expect(local.setCookie).not.toContain('Secure');
    });

    it('accepts a passport in place of the session, and refuses a bad one beside it', async () => {
      const { lime, open } = site;
      const [browser, agent] = [open(), open()];
      await logIn(browser, lime, 'agent-1');
      const requestId = await open().startLogin();
      const passport = await lime.signPassport({ request_id: requestId, sub: 'agent-2' });
      const account = { status: 200, body: { agentId: 'agent-2' } };
      expect(await agent.send('GET', '/account', bearer(passport))).toMatchObject(account);
      expect(await browser.send('GET', '/account', bearer(passport))).toMatchObject(account);
      const refused = { status: 401, body: { code: 'invalid_token' } };
      expect(await browser.send('GET', '/account', bearer('a.b.c'))).toMatchObject(refused);
    });

    it('leads an agent from the 401 to /auth.md, whose steps log it in', async () => {
      const { lime, open } = site;
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
      await logIn(agent, lime, 'agent-1');
      expect(await agent.send('GET', '/account')).toMatchObject({ status: 200 });
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
