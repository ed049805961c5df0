import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { askWhoAmI } from './agent.js';
import { AppModule } from './app.module.js';
import { mcpServer } from './mcp-server.js';

const HOST = '127.0.0.1';

// Not once(): npm forwards a Ctrl-C that the terminal has sent already.
const ended = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));

const lime = await LimeSandbox.start();
const port = Number(process.env['PORT'] ?? 0) || (await freePort());
const url = `http://${HOST}:${port}/mcp`;
Object.assign(process.env, { LIME_API_BASE: lime.baseUrl, MCP_URL: url });

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: ['warn', 'error'],
  forceCloseConnections: true,
});
app.connectMicroservice<MicroserviceOptions>({ strategy: mcpServer });
await app.startAllMicroservices();
await app.listen(port, HOST);
console.log(`The MCP server listens at ${url}`);

const agent = new SandboxAgent(lime);
await show('With a token for this server', () => agent.mcpToken(HOST));
await show('Without a token', async () => undefined);
await show('With a token for another server', () => agent.mcpToken('mcp.example.com'));

const { headers } = await fetch(url, { method: 'POST' });
console.log(`A refusal leads to the metadata: ${headers.get('www-authenticate')}`);
console.log('Ctrl-C ends.');

await ended;
await app.close();
await lime.stop();

async function show(what: string, token: () => Promise<string | undefined>): Promise<void> {
  const answer = await askWhoAmI(url, token).catch((error: unknown) => String(error));
  console.log(`${what}: ${answer}`);
}

/** The server has to know its own address before it listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  return free;
}
