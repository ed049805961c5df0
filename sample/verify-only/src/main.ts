import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { LimeSiteService } from 'nestjs-lime-sites';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { firstValueFrom } from 'rxjs';
import { ReportsModule } from './reports/reports.module.js';
import { SiteModule } from './site/site.module.js';

const HOST = '127.0.0.1';

// Not once(): npm forwards a Ctrl-C that the terminal has sent already.
const ended = new Promise((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve));

// Two services in one process, to keep the sample small. They talk over HTTP only.
const lime = await LimeSandbox.start();
Object.assign(process.env, lime.env(), { INTERNAL_KEY: randomUUID() });
const options = { logger: ['warn', 'error'] as 'warn'[], forceCloseConnections: true };
const site = await NestFactory.create<NestExpressApplication>(SiteModule, options);
await site.listen(Number(process.env['PORT'] ?? 0), HOST);
process.env['SITE_URL'] = await site.getUrl();
const reports = await NestFactory.create<NestExpressApplication>(ReportsModule, options);
await reports.listen(0, HOST);
const url = await reports.getUrl();
console.log(`The site listens at ${process.env['SITE_URL']}, the reports at ${url}`);

const started = await fetch(`${process.env['SITE_URL']}/login`, { method: 'POST' });
const { requestId } = (await started.json()) as { requestId: string };
await new SandboxAgent(lime).login(requestId);
const { passport } = await firstValueFrom(site.get(LimeSiteService).outcomeOf(requestId));
await show('The passport of our own login', String(passport));
await show('A genuine passport of another site', await lime.signPassport());
console.log(`Open event streams at LIME: ${lime.openStreams}. Ctrl-C ends.`);

await ended;
await reports.close();
await site.close();
await lime.stop();

async function show(what: string, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/reports`, { headers });
  console.log(`${what}: GET /reports answers ${response.status}`, await response.json());
}
