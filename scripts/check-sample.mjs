// Runs `npm start` as a person would: reads the story, copies the printed lines into a shell, ends it with Ctrl-C.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BackgroundProcess } from './support/background-process.mjs';
import { Checks, expect } from './support/checks.mjs';
import { command } from './support/command.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = 'sample/agent-login/dist/main.js';
const { LIME_SITE_TOKEN: _token, LIME_API_BASE: _base, ...ENV } = process.env;
const STORY = [
  /LIME +Sandbox started/,
  /LIME +Login request lr_\S+ created/,
  /agent +POST \/login gave me the request/,
  /LIME +Proof of work accepted \(15 bits\)/,
  /site +@OnLimeLogin: passport verified, agent \S+ is logged in/,
  /agent +GET \/me with the passport answers/,
  /agent_id +\S+/,
];

const checks = new Checks();
for (const out of ['dist', 'sample/agent-login/dist']) {
  rmSync(`${ROOT}/${out}`, { recursive: true, force: true });
}

await checks.run('npm start from a clean checkout tells the story', () =>
  withSite('npm', ['start'], async (site) => {
    const text = site.output;
    let from = 0;
    for (const part of STORY) {
      const found = text.slice(from).search(part);
      expect(found >= 0, `the story lacks ${part}, or tells it too early:\n${text}`);
      from += found;
    }
    expect(!text.includes('\u001b'), `colours without a terminal:\n${text}`);
    console.log(text.slice(text.indexOf('An AI agent')).replace(/^/gm, '    '));
  }),
);

await checks.run('the printed lines work in a shell', () =>
  withSite('node', [MAIN], async (site) => {
    const lines = site.output.split('\n').filter((line) => /^ {2}(\w+=\$\()?curl /.test(line));
    expect(lines.length === 5, `expected five lines to copy:\n${lines.join('\n')}`);
    const answers = await command('bash', ['-euc', lines.join('\nsleep 0.2\n')]);
    const [approval, state, claims] = answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(approval.status === 'DELIVERED', `approval: ${answers}`);
    expect(state.status === 'approved', `state: ${answers}`);
    expect(claims.agent_id === state.agentId, `claims: ${answers}`);
    expect(claims.request_id === approval.requestId, `claims: ${answers}`);
  }),
);

await checks.run('the routes refuse what they should', () =>
  withSite('node', [MAIN], async (site, url) => {
    const statuses = async (path, init) => (await fetch(url + path, init)).status;
    expect((await statuses('/')) === 200, 'GET /');
    expect((await statuses('/me')) === 401, 'GET /me without a passport');
    const headers = { authorization: 'Bearer none' };
    expect((await statuses('/me', { headers })) === 401, 'GET /me with a wrong passport');
    expect((await statuses('/login/lr_none')) === 404, 'GET /login of an unknown request');
    const post = { method: 'POST' };
    expect((await statuses('/demo/approve/lr_none', post)) === 404, 'approve an unknown request');
    const { requestId } = await (await fetch(`${url}/login`, post)).json();
    const { status } = await (await fetch(`${url}/login/${requestId}`)).json();
    expect(status === 'pending', 'a login that nobody approved');
  }),
);

for (const [cmd, args, signal, group] of [
  ['npm', ['start'], 'SIGINT', true],
  ['npm', ['start'], 'SIGTERM', false],
  ['node', [MAIN], 'SIGINT', false],
  ['node', [MAIN], 'SIGTERM', false],
]) {
  const whom = group ? 'its process group, as Ctrl-C does,' : 'the process';
  await checks.run(`${cmd} ${args.join(' ')}: ${signal} to ${whom} ends it within a second`, () =>
    withSite(cmd, args, async (site, url) => {
      const { code, signal: by, ms } = await site.end(signal, { group });
      expect(code === 0, `exit code ${code ?? by}\n${site.output}${site.errors}`);
      expect(ms < 1000, `it took ${Math.round(ms)} ms`);
      expect(site.errors === '' || cmd === 'npm', `it complained:\n${site.errors}`);
      const gone = await fetch(url).then(
        () => false,
        () => true,
      );
      expect(gone, 'the site still answers');
    }),
  );
}

await checks.run('a port in use is one clear sentence and exit code 1', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address();
  try {
    const failure = await command('node', [MAIN], { env: { ...ENV, PORT: String(port) } }).then(
      () => undefined,
      (error) => error.message,
    );
    expect(failure?.includes('ended with 1'), `exit code: ${failure}`);
    expect(failure.includes(`\nPort ${port} is in use: `), failure);
    expect(!/EADDRINUSE|\n +at /.test(failure), failure);
  } finally {
    other.close();
  }
});

checks.end();

async function withSite(cmd, args, use) {
  const site = new BackgroundProcess(cmd, args, { cwd: ROOT, env: { ...ENV, PORT: '0' } });
  try {
    await site.says(/Ctrl-C ends/, 60_000);
    const [, url] = await site.says(/Listening at (\S+)/, 1000);
    await use(site, url);
  } finally {
    site.kill();
  }
}
