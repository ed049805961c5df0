import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundProcess } from '../support/background-process.mjs';
import { expect } from '../support/checks.mjs';
import { codeOf } from '../support/pages.mjs';

const QUICK_START = 'docs/quick-start.md';
const APPROVING = ['--auto-approve', '1'];
const SESSIONS = 'docs/sessions.md';

/** What `nest new` makes, inside of a consumer whose packages it shares. */
export class NestProject {
  constructor(consumer) {
    this.consumer = consumer;
    this.dir = join(consumer.dir, 'my-site');
  }

  async create() {
    const flags = ['--skip-git', '--skip-install', '--package-manager', 'npm'];
    await this.consumer.run('nest', ['new', 'my-site', ...flags]);
    this.write('.env.example', 'PORT=3000');
  }

  /** `nest add`, twice: the second time there is nothing to do. The package is there already, and not published. */
  async addPackage() {
    await this.#nestAdd();
    const [module, env] = [this.read('src/app.module.ts'), this.read('.env.example')];
    expect(module.includes("import { LimeSitesModule } from 'nestjs-lime-sites';"), module);
    expect(module.includes('imports: [LimeSitesModule.forRoot()]'), module);
    expect(/^PORT=3000\n(#.*\n)?LIME_SITE_TOKEN=\n$/.test(env), env);
    await this.#nestAdd();
    expect(this.read('src/app.module.ts') === module, 'nest add changed the module again');
    expect(this.read('.env.example') === env, 'nest add changed .env.example again');
    // The CLI of Nest 11 ends with 0 all the same.
    const wrong = 'nest add nestjs-lime-sites --skip-install --module=root.module.ts 2>&1 || true';
    const failure = await this.consumer.run('sh', ['-c', wrong], { cwd: this.dir });
    expect(failure.includes('module: src/root.module.ts does not exist.'), failure);
    await this.#nest('build');
  }

  /** The code of the quick start, built and run against `lime-sandbox`, as the guide says. */
  async followQuickStart() {
    await this.#build(QUICK_START);
    await this.#withSandbox(APPROVING, (env) => this.#logIn(env));
    await this.#build(QUICK_START, 'restart');
    await this.#withSandbox(['--pow-difficulty', '0'], (env, agentToken) =>
      this.#restart(env, agentToken),
    );
  }

  /** The code of the guide on sessions, on Express and on Fastify. */
  async followSessions() {
    await this.#build(SESSIONS);
    await this.#withSandbox(APPROVING, async (env) => {
      for (const main of ['dist/main', 'dist/main.fastify.js']) await this.#openSession(main, env);
    });
  }

  /** @param recipe default: the files of the guide that belong to none. */
  async #build(guide, recipe) {
    for (const [name, code] of codeOf(guide, recipe).files) this.write(name, code);
    await this.#nest('build');
  }

  async #withSandbox(flags, use) {
    const sandbox = new BackgroundProcess(
      'npx',
      ['--no-install', 'lime-sandbox', '--json', '--port', '0', ...flags],
      { cwd: this.dir },
    );
    try {
      const [line] = await sandbox.says(/^\{.*\}$/m, 20_000);
      const { baseUrl, siteToken, agentToken } = JSON.parse(line);
      await use({ LIME_API_BASE: baseUrl, LIME_SITE_TOKEN: siteToken }, agentToken);
    } finally {
      sandbox.kill();
    }
  }

  #logIn(env) {
    return this.#withSite('dist/main', env, async (url, said) => {
      const logins = `${url}/logins`;
      const { requestId } = await jsonOf(logins, { method: 'POST' });
      expect((await jsonOf(`${logins}/${requestId}`)).state === 'pending', 'it should be pending');
      await untilState(`${logins}/${requestId}`, {}, /^agent \S+ is logged in$/, said);
    });
  }

  /** Kills the site while a login is pending. An agent approves it after the next start. */
  async #restart(env, agentToken) {
    const startLogin = (url) => jsonOf(`${url}/logins`, { method: 'POST' });
    let requestId;
    await this.#withSite('dist/main', env, async (url) => {
      ({ requestId } = await startLogin(url));
    });
    await this.#withSite('dist/main', env, async (url, said) => {
      await startLogin(url); // waits for the event stream
      await jsonOf(`${env.LIME_API_BASE}/modules/agent-login/requests/${requestId}/approve`, {
        method: 'POST',
        headers: { 'x-agent-token': agentToken, 'content-type': 'application/json' },
        body: '{"pow_nonce":"0"}',
      });
      await untilState(`${url}/logins/${requestId}`, {}, /^agent \S+ is logged in$/, said);
    });
  }

  #openSession(main, env) {
    const SESSION_SECRET = 'only for this check, only for this check';
    return this.#withSite(main, { ...env, SESSION_SECRET }, async (url, said) => {
      const started = await fetch(`${url}/login`, { method: 'POST' });
      const [cookie] = started.headers.getSetCookie().map((set) => set.split(';')[0]);
      const signedIn = await untilState(
        `${url}/login`,
        { headers: { cookie } },
        /^approved$/,
        said,
      );
      const [renewed] = signedIn.headers.getSetCookie().map((set) => set.split(';')[0]);
      expect(renewed !== undefined && renewed !== cookie, 'the session should have a new id');
      const { agentId } = await jsonOf(`${url}/account`, { headers: { cookie: renewed } });
      expect(typeof agentId === 'string', 'the account should name the agent');
      const refused = await fetch(`${url}/account`, { headers: { cookie } });
      expect(refused.status === 401, `the old session was answered ${refused.status}`);
    });
  }

  async #withSite(main, env, use) {
    const port = await freePort();
    const site = new BackgroundProcess('node', [main], {
      cwd: this.dir,
      env: { ...process.env, ...env, PORT: String(port) },
    });
    try {
      // Nest says that it has started before it listens.
      await site.listens(port, 20_000);
      await use(`http://127.0.0.1:${port}`, () => `${site.output}${site.errors}`);
    } finally {
      site.kill();
    }
  }

  #nestAdd() {
    return this.#nest('add', 'nestjs-lime-sites', '--skip-install');
  }

  #nest(...args) {
    return this.consumer.run('nest', args, { cwd: this.dir });
  }

  read(name) {
    return readFileSync(join(this.dir, name), 'utf8');
  }

  write(name, text) {
    writeFileSync(join(this.dir, name), text);
  }
}

/** Gives the answer with that state. */
async function untilState(url, init, wanted, said) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const response = await fetch(url, init);
    const { state } = await response.json();
    if (wanted.test(state)) return response;
    expect(performance.now() < deadline, `still ${state}:\n${said()}`);
    await sleep(50);
  }
}

async function jsonOf(url, init) {
  const response = await fetch(url, init);
  expect(response.ok, `${url} answered ${response.status}`);
  return response.json();
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
