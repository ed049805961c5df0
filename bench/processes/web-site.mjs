// A Nest application that serves the same route twice: open, and behind PassportGuard.
import 'reflect-metadata';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PassportGuard, PassportPolicy } from '../../dist/index.js';
import { limeSites, rootModule } from '../harness/site.mjs';

const ADAPTERS = { Express: ExpressAdapter, Fastify: FastifyAdapter };

class BenchController {
  open() {
    return { ok: true };
  }
  guarded() {
    return { ok: true };
  }
}

// Plain JavaScript has no decorators, so they are called by hand.
Controller()(BenchController);
decorate('open', Get('open'));
// The load generator made the passport up: it belongs to no login of this site.
const foreign = PassportPolicy({ allowForeignLogins: true });
decorate('guarded', Get('guarded'), UseGuards(PassportGuard), foreign);

/** @returns {Promise<string>} its address */
export async function open({ baseUrl, platform }) {
  const root = rootModule({
    imports: [limeSites(baseUrl, { dispatcher: false })],
    controllers: [BenchController],
  });
  const app = await NestFactory.create(root, new ADAPTERS[platform](), { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

function decorate(method, ...decorators) {
  const { prototype } = BenchController;
  for (const decorator of decorators) {
    decorator(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
  }
}
