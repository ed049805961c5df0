import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { BackgroundProcess } from '../support/background-process.mjs';
import { expect } from '../support/checks.mjs';
import { codeOf, ROOT } from '../support/pages.mjs';

const GUIDE = 'docs/mcp.md';
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** The code of the guide on MCP, compiled and run as it stands: the server, and the agent that calls it with the official client. */
export async function followMcpGuide(consumer) {
  const packages = ['@rekog/mcp-nest', 'zod', ...officialPackages()].map(
    (name) => `${name}@${devDependencies[name]}`,
  );
  await consumer.run('npm', [
    ...INSTALL,
    `@nestjs/microservices@${consumer.nestMajor}`,
    ...packages,
  ]);
  const dir = join(consumer.dir, 'mcp-guide');
  mkdirSync(dir);
  const settings = {
    extends: '../tsconfig.json',
    compilerOptions: { outDir: 'dist', rootDir: '.', skipLibCheck: true },
    include: ['*.ts'],
  };
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(settings));
  for (const [name, text] of codeOf(GUIDE).files) writeFileSync(join(dir, name), text);
  await consumer.run('npx', ['tsc', '-p', 'mcp-guide']);
  await callTool(consumer, dir);
}

function officialPackages() {
  return Object.keys(devDependencies).filter((name) => name.startsWith('@modelcontextprotocol/'));
}

async function callTool(consumer, dir) {
  const sandbox = new BackgroundProcess(
    'npx',
    ['--no-install', 'lime-sandbox', '--json', '--port', '0'],
    { cwd: consumer.dir },
  );
  const port = await freePort();
  const MCP_URL = `http://localhost:${port}/mcp`;
  let server;
  try {
    const [line] = await sandbox.says(/^\{.*\}$/m, 20_000);
    const { baseUrl: LIME_API_BASE, agentToken: AGENT_TOKEN } = JSON.parse(line);
    const env = { ...process.env, LIME_API_BASE, MCP_URL };
    server = new BackgroundProcess('node', ['dist/main.js'], {
      cwd: dir,
      env: { ...env, PORT: String(port) },
    });
    await server.listens(port, 20_000);
    const said = await consumer.run('node', ['mcp-guide/dist/agent.js'], {
      env: { ...env, AGENT_TOKEN },
    });
    expect(/You are agent [0-9a-f-]{36}\./.test(said), `the tool answered:\n${said}`);
    const refused = await fetch(MCP_URL, { method: 'POST' });
    const challenge = refused.headers.get('www-authenticate');
    expect(refused.status === 401, `without a token: ${refused.status}`);
    const [, metadata] = /resource_metadata="(.*)"/.exec(challenge);
    const { resource } = await (await fetch(metadata)).json();
    expect(resource === MCP_URL, `the metadata at ${metadata} names ${resource}`);
  } finally {
    server?.kill();
    sandbox.kill();
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
