import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { AppModule } from './app.module.js';

// Not once(): npm forwards a Ctrl-C that the terminal has sent already.
const ended = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));

const lime = await LimeSandbox.start();
Object.assign(process.env, lime.env()); // what LimeSitesModule.forRoot() reads

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: ['error'],
  forceCloseConnections: true,
});
await app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
const url = await app.getUrl();
console.log(`The site listens at ${url}`);

// A login that gets the passport of another login, one that expires, and one that an agent approves.
await lime.approve(await startLogin(), { request_id: 'another' });
lime.expire(await startLogin());
const agent = new SandboxAgent(lime);
await agent.login(await startLogin());

console.log(`POST ${url}/login, then approve it at ${lime.consoleUrl}. Ctrl-C ends.`);

await ended;
await app.close();
await lime.stop();

async function startLogin(): Promise<string> {
  const response = await fetch(`${url}/login`, { method: 'POST' });
  return ((await response.json()) as { requestId: string }).requestId;
}
