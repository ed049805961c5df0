// Runs the samples as a person would: reads the story, copies the printed lines into a shell, ends it with Ctrl-C.
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
/** The ids of logins are UUIDs. */
const ID = '[0-9a-f]{8}-[0-9a-f-]{27}';
const STORY = [
  /LIME +Sandbox started/,
  new RegExp(`LIME +Login request ${ID} created`),
  /agent +POST \/api\/logins gave me the request/,
  /LIME +Proof of work accepted \(15 bits\)/,
  /site +@OnLimeLogin: passport verified, agent \S+ is logged in/,
  /agent +GET \/api\/me answers with the claims of the passport/,
  /agent_id +\S+/,
];

const checks = new Checks();
for (const out of ['dist', 'sample/agent-login/dist']) {
  rmSync(`${ROOT}/${out}`, { recursive: true, force: true });
}

await checks.run('npm start from a clean checkout prints the story', () =>
  withSite('npm', ['start'], async (site) => {
    const text = site.output;
    let from = 0;
    for (const part of STORY) {
      const found = text.slice(from).search(part);
      expect(found >= 0, `the story lacks ${part}, or has it too early:\n${text}`);
      from += found;
    }
    expect(!text.includes('\u001b'), `colours without a terminal:\n${text}`);
    console.log(text.slice(text.indexOf('An AI agent')).replace(/^/gm, '    '));
  }),
);

await checks.run('the printed lines work in a shell', () =>
  withSite('node', [MAIN], async (site) => {
    const lines = site.output.split('\n').filter((line) => /^ {2}(\w+=\$\(|curl )/.test(line));
    expect(lines.length === 5, `expected five lines to copy:\n${lines.join('\n')}`);
    const answers = await command('bash', ['-euc', lines.join('\nsleep 0.2\n')]);
    const [approval, state, claims] = answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(approval.status === 'DELIVERED', `approval: ${answers}`);
    expect(state.status === 'approved', `state: ${answers}`);
    expect(!answers.includes('eyJ'), `a passport: ${answers}`);
    expect(claims.agent_id === state.agentId, `claims: ${answers}`);
    expect(claims.request_id === approval.requestId, `claims: ${answers}`);
  }),
);

await checks.run('the routes refuse what they should', () =>
  withSite('node', [MAIN], async (site, url) => {
    const status = async (path, init) => (await fetch(url + path, init)).status;
    const post = { method: 'POST' };
    expect((await status('/')) === 200, 'GET /');
    expect((await status('/api/me')) === 401, 'GET /api/me without a passport');
    const headers = { authorization: 'Bearer none' };
    expect((await status('/api/me', { headers })) === 401, 'GET /api/me with a wrong passport');
    expect((await status('/api/logins/none')) === 404, 'the state of an unknown login');
    expect((await status('/demo/approve/none', post)) === 404, 'approve an unknown request');
    const foreign = { ...post, headers: { 'sec-fetch-site': 'cross-site' } };
    expect((await status('/login', foreign)) === 403, 'a login that another site begins');
    const started = await fetch(`${url}/api/logins`, post);
    const cookie = started.headers.get('set-cookie');
    const { requestId } = await started.json();
    expect((await status(`/api/logins/${requestId}`)) === 404, 'the login of another person');
    const own = await fetch(`${url}/api/logins/${requestId}`, { headers: { cookie } });
    expect((await own.json()).status === 'pending', 'a login that is pending');
  }),
);

await checks.run('--help and --json, and what is wrong with an argument', async () => {
  const help = await command('node', [MAIN, '--help']);
  expect(/--port <number>/.test(help) && /--json/.test(help), help);
  for (const [args, sentence] of [
    [['--port', '70000'], '--port must be a whole number from 0 to 65535, not "70000".'],
    [['--nonsense'], "Unknown option '--nonsense'; see --help."],
  ]) {
    const failure = await failureOf('node', [MAIN, ...args]);
    expect(failure.includes(`ended with 2:\n${sentence}\n`), failure);
  }
  const site = new BackgroundProcess('node', [MAIN, '--json', '--port', '0'], {
    cwd: ROOT,
    env: ENV,
  });
  try {
    await site.says(/\n/, 60_000);
    const { url, consoleUrl } = JSON.parse(site.output);
    for (const place of [url, consoleUrl]) expect((await fetch(place)).status === 200, place);
    await site.end('SIGINT', { group: false });
    expect(site.output.split('\n').length === 2, `more than one line:\n${site.output}`);
  } finally {
    site.kill();
  }
});

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
    const failure = await failureOf('node', [MAIN, '--port', String(port)]);
    expect(failure.includes('ended with 1'), `exit code: ${failure}`);
    expect(failure.includes(`\nPort ${port} is in use: `), failure);
    expect(!/EADDRINUSE|\n +at /.test(failure), failure);
  } finally {
    other.close();
  }
});

for (const [name, said] of [
  [
    'fastify',
    [
      /GET \/api\/me answers 200/,
      /GET \/api\/vault answers 403/,
      /A declined binding: 200: .*No agent was connected/,
      /A completed binding: 200: /,
    ],
  ],
  [
    'event-emitter',
    [
      new RegExp(`${ID} rejected: `),
      new RegExp(`${ID} expired`),
      new RegExp(`${ID} approved by agent ${ID}`),
    ],
  ],
  [
    'cluster',
    [
      /replica \d is killed with [0-9a-f]{8}/,
      /takes [0-9a-f]{8} over from replica/,
      /answers \{"outcome":"approved"\}/,
      /24 logins, 24 handled/,
    ],
  ],
  [
    'mcp',
    [
      new RegExp(`With a token for this server: You are agent ${ID}`),
      /Without a token: UnauthorizedError/,
      /With a token for another server: UnauthorizedError/,
      /resource_metadata="http:\S+oauth-protected-resource\/mcp"/,
    ],
  ],
  ['verify-only', [/our own login: GET \/reports answers 200/, /another site: .* answers 401/]],
]) {
  await checks.run(`npm run sample:${name} works, and Ctrl-C ends it`, () =>
    withSite('npm', ['run', `sample:${name}`], async (site) => {
      for (const part of said) await site.says(part, 5000);
      const { code, signal, ms } = await site.end('SIGINT', { group: true });
      expect(code === 0, `exit code ${code ?? signal}\n${site.output}${site.errors}`);
      expect(ms < 1000, `it took ${Math.round(ms)} ms`);
    }),
  );
}

checks.end();

async function failureOf(cmd, args, options) {
  return command(cmd, args, options).then(
    () => 'it did not fail',
    (error) => error.message,
  );
}

async function withSite(cmd, args, use) {
  const site = new BackgroundProcess(cmd, args, { cwd: ROOT, env: { ...ENV, PORT: '0' } });
  try {
    await site.says(/Ctrl-C ends/, 180_000);
    const [, url] = await site.says(/[Ll]isten(?:ing|s) at (\S+)/, 1000);
    await use(site, url);
  } finally {
    site.kill();
  }
}
