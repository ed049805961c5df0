// Starts one application, with the module, without it, or with undici alone, and prints how long that took.
// Imports are counted in processor time, which other work on the machine does not change.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import '@nestjs/platform-express';

const [baseUrl, what] = process.argv.slice(2);
const imports = [];

const importedFrom = process.cpuUsage();
if (what === 'undici') await import('undici');
if (what === 'with') {
  const { LimeSitesModule } = await import('nestjs-lime-sites');
  imports.push(LimeSitesModule.forRoot({ baseUrl, siteToken: 'st_bench' }));
}
const { user, system } = process.cpuUsage(importedFrom);
const importMs = (user + system) / 1000;

class RootModule {}
const startedFrom = performance.now();
const app = await NestFactory.create({ module: RootModule, imports }, { logger: false });
await app.init();
const startMs = performance.now() - startedFrom;
await app.close();
console.log(JSON.stringify({ importMs, startMs }));
