// Two replicas with a Redis of their own, in the versions of BullMQ and ioredis that are installed: each login is handled once.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type LimeLoginEvent,
  LimeSiteService,
  LimeSitesModule,
  OnLimeLogin,
} from 'nestjs-lime-sites';
import { bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { LimeSandbox } from 'nestjs-lime-sites/testing';
import { firstValueFrom } from 'rxjs';

const folder = await mkdtemp(join(tmpdir(), 'redis-'));
const path = join(folder, 'redis.sock');
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--save', ''], {
  stdio: 'ignore',
});
redis.unref();
process.once('exit', () => redis.kill());
process.once('SIGTERM', () => process.exit(1)); // and so the Redis ends too
const lime = await LimeSandbox.start();
const handled: string[] = [];

@Injectable()
class Logins {
  @OnLimeLogin()
  onLogin({ type, requestId }: LimeLoginEvent): void {
    handled.push(`${type} ${requestId}`);
  }
}

@Module({
  imports: [
    LimeSitesModule.forRoot({
      ...lime.moduleOptions(),
      cluster: bullMqCluster({ connection: { path } }),
    }),
  ],
  providers: [Logins],
})
class ReplicaModule {}

const start = () =>
  NestFactory.createApplicationContext(ReplicaModule, { logger: ['error'], abortOnError: false });
const replicas = await Promise.all([start(), start()]);
const [one, other] = replicas.map((replica) => replica.get(LimeSiteService));
assert.ok(one && other);
while ([one, other].some(({ connection }) => connection.state !== 'open')) await sleep(10);

const { requestId: approved } = await one.createLoginRequest();
const { requestId: expired } = await other.createLoginRequest();
await lime.approve(approved);
lime.expire(expired);
const outcomes = [other.outcomeOf(approved), one.outcomeOf(expired)].map((outcome) =>
  firstValueFrom(outcome),
);
assert.deepEqual(
  (await Promise.all(outcomes)).map(({ type }) => type),
  ['approved', 'expired'],
);
await sleep(500); // a second handling would come within this time
assert.deepEqual(handled.toSorted(), [`approved ${approved}`, `expired ${expired}`]);

await Promise.all(replicas.map((replica) => replica.close()));
await lime.stop();
await rm(folder, { recursive: true });

const tooLate = () => {
  throw new Error('something keeps the process alive');
};
setTimeout(tooLate, 5_000).unref();
