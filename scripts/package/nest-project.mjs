import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundProcess } from '../support/background-process.mjs';
import { expect } from '../support/checks.mjs';
import { codeOf } from '../support/pages.mjs';

const GUIDE = 'docs/quick-start.md';

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
    for (const [name, code] of codeOf(GUIDE).files) this.write(name, code);
    await this.#nest('build');
    const sandbox = new BackgroundProcess(
      'npx',
      ['--no-install', 'lime-sandbox', '--json', '--port', '0', '--auto-approve', '1'],
      { cwd: this.dir },
    );
    try {
      const [line] = await sandbox.says(/^\{.*\}$/m, 20_000);
      const { baseUrl, siteToken } = JSON.parse(line);
      await this.#logIn({ LIME_API_BASE: baseUrl, LIME_SITE_TOKEN: siteToken });
    } finally {
      sandbox.kill();
    }
  }

  async #logIn(env) {
    const port = await freePort();
    const site = new BackgroundProcess('node', ['dist/main'], {
      cwd: this.dir,
      env: { ...process.env, ...env, PORT: String(port) },
    });
    try {
      // Nest says that it has started before it listens.
      await site.listens(port, 20_000);
      const logins = `http://127.0.0.1:${port}/logins`;
      const { requestId } = await jsonOf(logins, { method: 'POST' });
      expect((await jsonOf(`${logins}/${requestId}`)).state === 'pending', 'it should be pending');
      const deadline = performance.now() + 10_000;
      for (;;) {
        const { state } = await jsonOf(`${logins}/${requestId}`);
        if (/^agent \S+ is logged in$/.test(state)) return;
        expect(performance.now() < deadline, `still ${state}:\n${site.output}${site.errors}`);
        await sleep(50);
      }
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
