// Checks the package as it is published: what is inside, and whether it works where it gets installed.
// node scripts/check-package.mjs --node 20.20 --node 22 … runs the installed package under these versions of Node.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Consumer } from './package/consumer.mjs';
import { followMcpGuide } from './package/mcp-guide.mjs';
import { NestProject } from './package/nest-project.mjs';
import { buildRecipes, RECIPES, runRecipe } from './package/recipes.mjs';
import { BackgroundProcess } from './support/background-process.mjs';
import { Checks, expect } from './support/checks.mjs';
import { command, nodeBinary } from './support/command.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** In KiB: the tarball, what is in it, and that with its dependencies. Source maps with their sources are the largest part. */
const MAX_SIZES = { packed: 500, unpacked: 1_800, installed: 4_096 };
const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
// vitest 5 needs Node 22.12.
const RUNNERS = ['@jest/globals', '@swc/core', '@swc/jest', 'jest', 'ts-jest@29', 'vitest@4'];
/** What applications are bundled with, beside each Nest. The CLI of Nest 11 brings webpack. */
const BUNDLERS = { 11: ['esbuild', 'webpack'], 12: ['esbuild'] };
const ENTRIES = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/bullmq/index.js',
  'dist/mcp/index.js',
  'dist/terminus/index.js',
  'dist/testing/index.js',
];
const { values: flags } = parseArgs({
  options: { node: { type: 'string', multiple: true, default: [] } },
});

const hasRedis = spawnSync('redis-server', ['--version']).error === undefined;
const checks = new Checks();
const work = mkdtempSync(join(tmpdir(), 'nestjs-lime-sites-'));
process.once('exit', () => rmSync(work, { recursive: true, force: true }));

const packed = await checks.run('npm pack', async () => {
  const json = await command('npm', ['pack', '--json', '--silent', '--pack-destination', work], {
    cwd: ROOT,
  });
  // What `prepack` prints comes before it.
  const [{ filename, files, size, unpackedSize }] = Object.values(
    JSON.parse(json.slice(json.search(/^[[{]$/m))),
  );
  const sizes = { packed: size, unpacked: unpackedSize };
  return { tarball: join(work, filename), files: files.map(({ path }) => path), sizes };
});

if (packed) {
  const { tarball, files, sizes } = packed;
  await checks.run('nothing but dist and the four papers is inside', () => {
    const strange = files.filter((path) => !path.startsWith('dist/') && !REQUIRED.includes(path));
    const missing = [...REQUIRED, ...ENTRIES].filter((path) => !files.includes(path));
    expect(strange.length === 0, `does not belong there: ${strange.join(', ')}`);
    expect(missing.length === 0, `is missing: ${missing.join(', ')}`);
  });
  // Side by side: half of the time is waiting for packages and for events.
  await Promise.all([
    checkManifest(tarball),
    fetchNodeVersions(),
    ...[12, 11].map((major) => checkConsumer(new Consumer(work, major), tarball)),
  ]);
  await checks.run('the package is small, also with its dependencies', () => {
    const modules = join(work, 'nest-12', 'node_modules');
    const { dependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
    const packages = ['nestjs-lime-sites', ...Object.keys(dependencies)];
    const installed = packages.reduce((sum, name) => sum + sizeOf(join(modules, name)), 0);
    for (const [name, bytes] of Object.entries({ ...sizes, installed })) {
      const text = `${name}: ${Math.round(bytes / 1024)} KiB of at most ${MAX_SIZES[name]}`;
      console.log(`          ${text}`);
      expect(bytes <= MAX_SIZES[name] * 1024, text);
    }
  });
}
checks.end();

/** In bytes; a dependency that brings others of its own would be in no sum, so it must not. */
function sizeOf(folder) {
  const { name, dependencies = {} } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const others = Object.keys(dependencies);
  const ours = name === 'nestjs-lime-sites';
  expect(ours || others.length === 0, `${name} depends on ${others.join(', ')}`);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

async function checkManifest(tarball) {
  await checks.run('publint', () =>
    command('npx', ['publint', '--strict', tarball], { cwd: ROOT }),
  );
  // ESM only: Node and TypeScript load it with require().
  const attw = ['attw', '--ignore-rules', 'cjs-resolves-to-esm', '--no-definitely-typed'];
  await checks.run('are the types wrong?', () => command('npx', [...attw, tarball], { cwd: ROOT }));
}

/** One after another, because npx does not install one package for two at the same time. */
function fetchNodeVersions() {
  return checks.run(`Node ${flags.node.join(', ')} is available`, async () => {
    for (const version of flags.node) {
      const said = await command(await nodeBinary(version), ['--version'], { cwd: work });
      expect(said.startsWith(`v${version}.`), `Node ${version} is ${said}`);
    }
  });
}

async function checkConsumer(consumer, tarball) {
  const name = `Nest ${consumer.nestMajor}`;
  const built = await checks.run(`${name}: installs, and type-checks under strict`, async () => {
    const cli = ['cli', 'schematics'].map((part) => `@nestjs/${part}@${consumer.nestMajor}`);
    await consumer.install(tarball, [...RUNNERS, 'esbuild@0.28', ...cli]);
    consumer.addSources();
    await consumer.run('tsc', []);
    return true;
  });
  if (!built) return;
  for (const version of flags.node) {
    await checks.run(
      `${name}, Node ${version}: logins on Express and Fastify, require(), from 22 on the SQL store`,
      () => checkMatrixCell(consumer, version),
    );
  }
  await checks.run(`${name}: a stack trace names the file and line of the source`, async () => {
    const said = await consumer.run('node', ['--enable-source-maps', 'stack-trace.mjs']);
    expect(/\/lib\/\S+\.ts:\d+:\d+/.test(said), said);
  });
  await checks.run(`${name}: request-scoped handlers get their event`, () =>
    consumer.run('node', ['dist/request-scoped.js']),
  );
  for (const bundler of BUNDLERS[consumer.nestMajor]) {
    await checks.run(`${name}: an application bundled by ${bundler} logs agents in`, () =>
      checkBundle(consumer, bundler),
    );
  }
  const project = new NestProject(consumer);
  await checks.run(`${name}: nest new, nest add`, async () => {
    await project.create();
    await project.addPackage();
  });
  await checks.run(
    `${name}: the quick start's application logs an agent in, also after a restart`,
    () => project.followQuickStart(),
  );
  await checks.run(
    `${name}: the guide on sessions signs a browser in, on Express and Fastify`,
    async () => {
      await consumer.installSessions();
      await project.followSessions();
    },
  );
  const recipes = await checks.run(`${name}: the testing guide compiles`, async () => {
    await buildRecipes(consumer);
    return RECIPES;
  });
  for (const recipe of recipes ?? []) {
    await checks.run(`${name}: the testing guide's tests pass in ${recipe.name}`, () =>
      runRecipe(consumer, recipe),
    );
  }
  if (consumer.nestMajor === 12) await checks.run('npx lime-sandbox', () => checkCommand(consumer));
  await checks.run(`${name}: with its config, event-emitter, swagger and terminus`, async () => {
    await consumer.installModules();
    await consumer.run('tsc', ['-p', 'modules']);
    await consumer.run('node', ['dist/modules/ecosystem.js', String(consumer.nestMajor)]);
  });
  // Beside the oldest versions that this package allows, @rekog/mcp-nest need not install.
  if (consumer.nestMajor === 12) {
    await checks.run('the guide on MCP lets an agent call its tool', () =>
      followMcpGuide(consumer),
    );
  }
  if (consumer.nestMajor === 11) {
    for (const version of ['5.7', '5.9']) {
      await checks.run(
        `${name}, TypeScript ${version}: every entry point, classic resolution`,
        () => checkClassicResolution(consumer, version),
      );
    }
  }
  if (hasRedis) {
    await checks.run(
      `${name}: two replicas handle each login once, over ${consumer.clusterPackages.join(' and ')}`,
      () => consumer.run('node', ['dist/modules/cluster.js']),
    );
  } else console.log(`  SKIPPED ${name}: replicas: no redis-server found; install one.`);
}

async function checkMatrixCell(consumer, version) {
  const node = await nodeBinary(version);
  const said = await consumer.run(node, ['dist/login.js', 'express', 'fastify']);
  for (const platform of ['express', 'fastify']) {
    const line = `logged in on ${platform}, Node ${version}.`;
    expect(said.includes(line), `it should say "${line}":\n${said}`);
  }
  await consumer.run(node, ['require.cjs']);
  if (Number.parseInt(version, 10) < 22) return; // node:sqlite
  const claims = await consumer.run(node, ['sql-store.mjs']);
  expect(/^two processes won \d+ and \d+ claims$/m.test(claims), claims);
}

/** The bundle runs in an empty folder. */
async function checkBundle(consumer, bundler) {
  const cwd = mkdtempSync(join(work, 'bundle-'));
  await consumer.run('node', ['bundle.mjs', bundler, cwd]);
  const said = await consumer.run('node', ['login.cjs', 'express', 'fastify'], { cwd });
  expect(/logged in on express.*logged in on fastify/s.test(said), said);
}

/** A CommonJS project as the CLI of Nest 11 set it up until TypeScript 5.9. */
async function checkClassicResolution(consumer, version) {
  const tsc = ['-y', '-p', `typescript@${version}`, 'tsc'];
  await consumer.run('npx', [...tsc, '-p', 'classic', '--outDir', `classic/${version}`]);
  await consumer.run('node', [`classic/${version}/entry-points.js`]);
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
