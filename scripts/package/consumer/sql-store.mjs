// Runs the SQL recipe of the guide on restarts on node:sqlite: over two applications, and in two processes at once.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Test } from '@nestjs/testing';
import { LIME_SITES_OPTIONS } from 'nestjs-lime-sites';
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { AgentLogins, AppModule } from './dist/app.module.js';
import { SqlStore } from './dist/sql-store.js';

const KEYS = Array.from({ length: 500 }, (_, index) => `login lr_${index}`);
const IN_A_MINUTE = new Date(Date.now() + 60_000);
const [claimsIn] = process.argv.slice(2);

if (claimsIn) await claimAll(claimsIn);
else await checkRecipe();

async function checkRecipe() {
  const folder = mkdtempSync(join(tmpdir(), 'sql-store-'));
  try {
    await checkEntries(new SqlStore(new DatabaseSync(join(folder, 'entries.db'))));
    await checkRestart(join(folder, 'restart.db'));
    await checkTwoProcesses(join(folder, 'claims.db'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function checkEntries(store) {
  await store.remember('login', 'lr_1', IN_A_MINUTE);
  await store.remember('login', 'lr_1', IN_A_MINUTE);
  assert.equal(await store.knows('login', 'lr_1'), true);
  assert.equal(await store.knows('binding', 'lr_1'), false);
  assert.equal(await store.claim('lr_1', IN_A_MINUTE), true);
  assert.equal(await store.claim('lr_1', IN_A_MINUTE), false);
  await store.remember('binding', 'br_1', new Date(Date.now() - 1));
  assert.equal(await store.knows('binding', 'br_1'), false);
}

/** The second application accepts the passport of a login of the first one. */
async function checkRestart(file) {
  const lime = await LimeSandbox.start();
  const first = await startApp(lime, file);
  const { requestId } = await first.get(AgentLogins).start();
  const { passport } = await lime.approve(requestId);
  await first.close();
  const second = await startApp(lime, file);
  const me = (token) =>
    fetch(`${second.url}/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await me(passport)).status, 200);
  assert.equal((await me(await lime.signPassport({ request_id: 'lr_unknown' }))).status, 401);
  await second.close();
  await lime.stop();
}

async function startApp(lime, file) {
  const store = new SqlStore(new DatabaseSync(file));
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(LIME_SITES_OPTIONS)
    .useValue({ ...lime.moduleOptions(), store })
    .compile();
  const app = module.createNestApplication({ logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return Object.assign(app, { url: await app.getUrl() });
}

/** Each key has one winner. */
async function checkTwoProcesses(file) {
  const processes = [1, 2].map(() => fork(fileURLToPath(import.meta.url), [file]));
  await Promise.all(processes.map((child) => once(child, 'message')));
  for (const child of processes) child.send('go');
  const answers = await Promise.all(processes.map((child) => once(child, 'message')));
  const won = answers.map(([keys]) => keys);
  console.log(`two processes won ${won.map(({ length }) => length).join(' and ')} claims`);
  assert.deepEqual(won.flat().toSorted(), KEYS.toSorted());
}

/** Begins at the same instant as the other process. */
async function claimAll(file) {
  const store = new SqlStore(new DatabaseSync(file));
  process.send('ready');
  await once(process, 'message');
  const won = [];
  for (const key of KEYS) {
    if (await store.claim(key, IN_A_MINUTE)) won.push(key);
    await new Promise(setImmediate); // gives the other process a turn
  }
  process.send(won);
}
