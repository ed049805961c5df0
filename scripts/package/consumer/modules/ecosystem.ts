// An application with the modules of Nest that this package works with, in the versions that belong to its Nest.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LimeSiteService, LimeSitesModule, validateLimeSitesEnv } from 'nestjs-lime-sites';
import { LimeSitesHealthIndicator } from 'nestjs-lime-sites/terminus';
import { LimeSandbox } from 'nestjs-lime-sites/testing';

const nestMajor = Number(process.argv[2]);
const states: string[] = [];

@Injectable()
class Watcher {
  @OnEvent('lime.connection.changed')
  note({ state }: { state: string }): void {
    states.push(state);
  }
}

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly lime: LimeSitesHealthIndicator,
  ) {}

  @HealthCheck()
  @Get('health')
  check() {
    return this.health.check([() => this.lime.isHealthy('lime')]);
  }
}

const lime = await LimeSandbox.start();
lime.faults.hang('events');
await assert.rejects(
  ConfigModule.forRoot({ ignoreEnvFile: true, validate: validateLimeSitesEnv }),
  /LIME_SITE_TOKEN is missing/,
);
Object.assign(process.env, lime.env());

@Module({
  imports: [
    ConfigModule.forRoot({ ignoreEnvFile: true, validate: validateLimeSitesEnv }),
    EventEmitterModule.forRoot(),
    TerminusModule,
    LimeSitesModule.forRoot({ timeoutMs: 500 }),
  ],
  controllers: [HealthController],
  providers: [LimeSitesHealthIndicator, Watcher],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/health`;

const connecting = await probe(200);
assert.equal(connecting.status, nestMajor >= 12 ? 'degraded' : 'ok');
assert.equal(connecting.details.lime.status, nestMajor >= 12 ? 'degraded' : 'up');
assert.equal(connecting.details.lime.degraded, nestMajor >= 12 ? undefined : true);

await until(() => app.get(LimeSiteService).connection.state === 'open');
const open = await probe(200);
assert.equal(open.status, 'ok');
assert.equal(open.details.lime.degraded, undefined);

lime.suspendSite();
lime.faults.dropStreams();
await until(() => app.get(LimeSiteService).connection.state === 'unauthorized');
const refused = await probe(503);
assert.equal(refused.details.lime.error, 'SITE_SUSPENDED');

await app.close();
await lime.stop();
assert.ok(states.includes('open') && states.includes('unauthorized'), states.join());

interface Health {
  readonly status: string;
  readonly details: { readonly lime: Readonly<Record<string, unknown>> };
}

async function probe(status: number): Promise<Health> {
  const response = await fetch(url);
  assert.equal(response.status, status);
  return (await response.json()) as Health;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
