import 'reflect-metadata';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PassportGuard, PassportPolicy } from '../../dist/index.js';
import { benchModule } from './bench-module.mjs';
import { limeSites } from './site.mjs';

/** Does the least that a guard for tokens can do. */
class ReadingGuard {
  async canActivate(context) {
    return context.switchToHttp().getRequest().headers.authorization !== '';
  }
}

/** Routes that do the same, behind no guard, behind one that does nothing, and behind ours. */
class BenchController {
  answer() {
    return { ok: true };
  }
  seen() {
    return { ok: true };
  }
  guarded() {
    return { ok: true };
  }
}

// No compiler here, so the decorators are called by hand.
Controller()(BenchController);
decorate('answer', Get('open'));
decorate('seen', Get('seen'), UseGuards(ReadingGuard));
// The passport belongs to no login of this site, because the load generator made it up.
decorate('guarded', Get('guarded'), UseGuards(PassportGuard), PassportPolicy({ allowForeignLogins: true }));

/**
 * A Nest application that serves HTTP.
 * @param {string} baseUrl
 * @param {import('@nestjs/core').AbstractHttpAdapter} adapter
 */
export async function startWeb(baseUrl, adapter) {
  const root = benchModule({
    imports: [limeSites(baseUrl, { dispatcher: false })],
    controllers: [BenchController],
  });
  const app = await NestFactory.create(root, adapter, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1') };
}

function decorate(method, ...decorators) {
  const { prototype } = BenchController;
  for (const decorator of decorators) {
    decorator(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
  }
}
