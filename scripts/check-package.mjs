// Checks the package as it is published: what is inside, and whether it works where it gets installed.
// node scripts/check-package.mjs [--node 22 --node 24 …] runs the installed package under further Node versions too.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BackgroundProcess } from './support/background-process.mjs';
import { Checks, expect } from './support/checks.mjs';
import { command } from './support/command.mjs';
import { Consumer } from './support/consumer.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
const ENTRIES = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/terminus/index.js',
  'dist/testing/index.js',
];
const { values: flags } = parseArgs({
  options: { node: { type: 'string', multiple: true, default: [] } },
});

const checks = new Checks();
const work = mkdtempSync(join(tmpdir(), 'nestjs-lime-sites-'));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));

const packed = await checks.run('npm pack', async () => {
  const json = await command('npm', ['pack', '--json', '--silent', '--pack-destination', work], {
    cwd: ROOT,
  });
  // What `prepack` prints comes before it.
  const [{ filename, files }] = Object.values(JSON.parse(json.slice(json.search(/^[[{]$/m))));
  return { tarball: join(work, filename), files: files.map(({ path }) => path) };
});

if (packed) {
  const { tarball, files } = packed;
  await checks.run('nothing but dist and the four papers is inside', () => {
    const strange = files.filter((path) => !path.startsWith('dist/') && !REQUIRED.includes(path));
    const missing = [...REQUIRED, ...ENTRIES].filter((path) => !files.includes(path));
    expect(strange.length === 0, `does not belong there: ${strange.join(', ')}`);
    expect(missing.length === 0, `is missing: ${missing.join(', ')}`);
  });
  await checks.run('publint', () =>
    command('npx', ['publint', '--strict', tarball], { cwd: ROOT }),
  );
  await checks.run('are the types wrong? (ESM only)', () =>
    command('npx', ['attw', '--profile', 'esm-only', '--no-definitely-typed', tarball], {
      cwd: ROOT,
    }),
  );
  for (const nestMajor of [12, 11]) await checkConsumer(new Consumer(work, nestMajor), tarball);
}
checks.end();

async function checkConsumer(consumer, tarball) {
  const name = `Nest ${consumer.nestMajor}`;
  const newest = consumer.nestMajor === 12;
  const built = await checks.run(`${name}: installs, and type-checks under strict`, async () => {
    await consumer.install(tarball, newest ? ['jest', '@jest/globals'] : ['@jest/globals']);
    consumer.addSources();
    await consumer.run('npx', ['tsc']);
    return true;
  });
  if (!built) return;
  await checks.run(`${name}: the README's application logs an agent in`, () =>
    consumer.run('node', ['dist/login.js']),
  );
  await checks.run(`${name}: request-scoped handlers get their event`, () =>
    consumer.run('node', ['dist/request-scoped.js']),
  );
  await checks.run(`${name}: require()`, () => consumer.run('node', ['require.cjs']));
  if (newest) await checkNewest(consumer);
  await checks.run(`${name}: with its config, event-emitter and terminus`, async () => {
    await consumer.installModules();
    await consumer.run('npx', ['tsc', '-p', 'modules']);
    await consumer.run('node', ['dist/modules/ecosystem.js', String(consumer.nestMajor)]);
  });
}

async function checkNewest(consumer) {
  await checks.run("the README's test passes in jest", () =>
    consumer.run('node', [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      '--rootDir=dist',
      '--transform={}',
    ]),
  );
  await checks.run('npx lime-sandbox', () => checkCommand(consumer));
  for (const version of flags.node) {
    await checks.run(`Node ${version}: import, require() and a login`, async () => {
      const node = ['-y', '-p', `node@${version}`, 'node'];
      const said = await consumer.run('npx', [...node, 'dist/login.js']);
      expect(said.includes(`on Node ${version}.`), `ran on another version: ${said}`);
      await consumer.run('npx', [...node, 'require.cjs']);
    });
  }
}

async function checkCommand(consumer) {
  const args = ['--no-install', 'lime-sandbox', '--json', '--port', '0'];
  const sandbox = new BackgroundProcess('npx', args, { cwd: consumer.dir });
  try {
    const [line] = await sandbox.says(/^\{.*\}$/m, 20_000);
    const { baseUrl, siteToken } = JSON.parse(line);
    const answer = await fetch(`${baseUrl}/modules/agent-login/requests`, {
      method: 'POST',
      headers: { 'x-site-token': siteToken, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status === 201, `a login request was answered ${answer.status}`);
    const { ms } = await sandbox.end('SIGINT', { group: true });
    expect(ms < 1000, `it took ${Math.round(ms)} ms to end`);
  } finally {
    sandbox.kill();
  }
}
