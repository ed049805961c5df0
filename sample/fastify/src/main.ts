import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { AppModule } from './app.module.js';
import { demoLogin } from './demo-login.js';

// Not once(): npm forwards a Ctrl-C that the terminal has sent already.
const ended = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));

const lime = await LimeSandbox.start();
Object.assign(process.env, lime.env()); // what LimeSitesModule.forRoot() reads

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ['warn', 'error'],
  forceCloseConnections: true,
});
await app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
const url = await app.getUrl();
process.env['PUBLIC_URL'] ??= url; // for the callback of a binding
console.log(`Fastify listens at ${url}`);

await demoLogin(url, lime);
console.log(`POST ${url}/api/logins, then approve it at ${lime.consoleUrl}. Ctrl-C ends.`);

await ended;
await app.close();
await lime.stop();
