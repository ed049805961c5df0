// Starts one application, with the module, without it, or with undici alone, and prints how long that took. Run by figures/start-up.mjs.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import '@nestjs/platform-express';

const [baseUrl, what] = process.argv.slice(2);
const imports = [];

const importedFrom = performance.now();
if (what === 'undici') await import('undici');
if (what === 'with') {
  const { LimeSitesModule } = await import('../../dist/index.js');
  imports.push(LimeSitesModule.forRoot({ baseUrl, siteToken: 'st_bench' }));
}
const importMs = performance.now() - importedFrom;

// oxlint-disable-next-line typescript/no-extraneous-class -- a module of Nest is a class
class BenchModule {}
Module({ imports })(BenchModule);
const startedFrom = performance.now();
const app = await NestFactory.create(BenchModule, { logger: false });
await app.init();
const startMs = performance.now() - startedFrom;
await app.close();
console.log(JSON.stringify({ importMs, startMs }));
