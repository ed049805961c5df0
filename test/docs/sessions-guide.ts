import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { CompiledPackage } from '../support/child-app.js';
import { DocsExample } from '../support/docs-example.js';
import { until } from '../support/until.js';

export const DOCUMENT = 'docs/sessions.md';
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
export const PUBLIC_URL = 'https://your.app';

/** Keeps the cookies of a site as a browser does, over HTTPS by a proxy. */
export class Browser {
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
    const { status, body } = await this.send('POST', '/login');
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
    return (body as { requestId: string }).requestId;
  }

  /** Asks for the state until it is no longer pending. */
  untilOutcome(): Promise<string> {
    return until(async () => {
      const { body } = await this.send('GET', '/login');
      const { state } = body as { state: string };
      return state !== 'pending' && state;
    });
  }
}

/** Compiles the files of the guide, and starts them as processes. */
export class SessionsGuide {
  private constructor(private readonly compiled: CompiledPackage) {}

  static async compile(): Promise<SessionsGuide> {
    const guide = new SessionsGuide(await CompiledPackage.create());
    for (const name of FILES) {
      await guide.add(name, (await DocsExample.read(DOCUMENT, name)).code);
    }
    return guide;
  }

  add(name: string, code: string): Promise<void> {
    return this.compiled.add(name, code);
  }

  async start(lime: LimeSandbox, main: string, NODE_ENV = 'production') {
    const port = await freePort();
    const PORT = String(port);
    const SESSION_SECRET = 'only for this test, only for this test';
    const env = { ...lime.env(), PORT, SESSION_SECRET, NODE_ENV, PUBLIC_URL };
    const child = this.compiled.start(main, env);
    const url = `http://127.0.0.1:${port}`;
    const answers = () =>
      fetch(url).then(
        () => true,
        () => false,
      );
    await until(async () => (await answers()) || !child.running);
    if (!child.running) throw new Error(`${main} ended with ${await child.ended}`);
    const stop = async () => {
      child.kill('SIGTERM');
      await child.ended;
    };
    return { url, stop };
  }

  remove(): Promise<void> {
    return this.compiled.remove();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
