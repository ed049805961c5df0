import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { LimeLoginFailure } from 'nestjs-lime-sites';
import { Redis } from 'ioredis';
import { bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { firstValueFrom } from 'rxjs';
import { useCleanup } from '../support/cleanup.js';
import { describeWithRedis, type RedisServer, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startReplica } from './start-replicas.js';

const start = useStarter();
const closeLater = useCleanup();

/** All data in Redis as one text. */
async function contentsOf({ url }: RedisServer): Promise<string> {
  const client = new Redis(url);
  try {
    const keys = await client.keys('*');
    const dumps = await Promise.all(keys.map((key) => valueOf(client, key)));
    return keys.map((key, index) => `${key} ${JSON.stringify(dumps[index])}`).join('\n');
  } finally {
    client.disconnect();
  }
}

async function valueOf(client: Redis, key: string): Promise<unknown> {
  const type = await client.type(key);
  switch (type) {
    case 'none': // already gone
      return null;
    case 'string':
      return client.get(key);
    case 'hash':
      return client.hgetall(key);
    case 'list':
      return client.lrange(key, 0, '-1');
    case 'zset':
      return client.zrange(key, 0, '-1');
    case 'set':
      return client.smembers(key);
    case 'stream':
      return client.xrange(key, '-', '+');
    default:
      throw new Error(`${key} is a ${type}`);
  }
}

describeWithRedis('A login whose handler fails', () => {
  const redis = useRedis();

  it('is retried without the handlers that succeeded', async () => {
    const { lime, site } = await startReplica(start, {
      redis: redis(),
      cluster: { backoffMs: 5 },
    });
    await lime.whenStreamOpen();
    const calls: string[] = [];
    let fails = 2;
    site.onLogin(function before() {
      calls.push('before');
    });
    site.onLogin(function breaks() {
      calls.push('breaks');
      if (fails-- > 0) throw new Error('not yet');
    });
    site.onLogin(function after() {
      calls.push('after');
    });

    await lime.approve(lime.createLoginRequest().requestId);
    await until(() => calls.filter((name) => name === 'breaks').length === 3);

    expect(calls).toEqual(['before', 'breaks', 'after', 'breaks', 'breaks']);
    expect(site.stats).toMatchObject({ handlerErrors: 2, failed: 0 });
  });

  it('has its passport in a later attempt', async () => {
    const { lime, site } = await startReplica(start, { redis: redis(), cluster: { backoffMs: 5 } });
    await lime.whenStreamOpen();
    const read: (string | null)[] = [];
    site.onLogin(function onOutcome(event) {
      read.push(event.passport);
      if (read.length === 1) throw new Error('not yet');
    });

    const { passport } = await lime.approve(lime.createLoginRequest().requestId);
    await until(() => read.length === 2);

    expect(read).toEqual([passport, passport]);
  });

  it('fails after the last attempt, in stats, the log, failures$ and Redis', async () => {
    const { lime, site, logs } = await startReplica(start, {
      redis: redis(),
      cluster: { attempts: 3, backoffMs: 5 },
    });
    await lime.whenStreamOpen();
    const failures: LimeLoginFailure[] = [];
    site.failures$.subscribe((failure) => failures.push(failure));
    site.onLogin(function breaks() {
      throw new Error('database is gone');
    });
    const { requestId } = lime.createLoginRequest();

    await lime.approve(requestId);
    await until(() => failures.length === 1);

    expect(failures).toEqual([
      {
        requestId,
        type: 'approved',
        attempts: 3,
        failed: [{ handler: 'breaks', reason: 'database is gone' }],
      },
    ]);
    expect(site.stats).toMatchObject({ handlerErrors: 3, failed: 1 });
    expect(logs.toString()).toContain(`Login ${requestId} (approved) failed after 3 attempts`);
    await until(async () => (await contentsOf(redis())).includes('breaks: database is gone'));
  });
});

describeWithRedis('An approval that overrules a local expiry', () => {
  const redis = useRedis();

  /** Starts a login that expires locally, and whose handler fails for the expiry. */
  async function startFailing(attempts: number) {
    const started = await startReplica(start, {
      redis: redis(),
      sandbox: { requestTtlMs: 100 },
      cluster: { attempts, backoffMs: 60_000 },
    });
    const { lime, site } = started;
    await until(() => site.connection.state === 'open');
    const handled: string[] = [];
    site.onLogin(function onOutcome({ type }) {
      if (type === 'expired') throw new Error('database is gone');
      handled.push(type);
    });
    lime.faults.loseEvents(1);
    const { requestId } = await site.createLoginRequest();
    await until(() => site.stats.handlerErrors === 1);
    const approve = async () => {
      const passport = await lime.signPassport({ request_id: requestId });
      lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    };
    return { site, handled, approve };
  }

  it('is handled between two attempts of the expiry, which is not retried any more', async () => {
    const { handled, approve } = await startFailing(2);

    await approve();

    await until(() => handled.length === 1);
  });

  it('is handled after the last attempt of the expiry', async () => {
    const { site, handled, approve } = await startFailing(1);
    await until(() => site.stats.failed === 1);

    await approve();

    await until(() => handled.length === 1);
  });
});

describeWithRedis('The data in Redis', () => {
  const redis = useRedis();

  it('has no passport once a login is handled or has failed, and never a site token', async () => {
    const { lime, site } = await startReplica(start, {
      redis: redis(),
      cluster: { attempts: 2, backoffMs: 5 },
    });
    await lime.whenStreamOpen();
    const bad = lime.createLoginRequest().requestId;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    site.onLogin(function onOutcome({ requestId, passport }) {
      if (requestId === bad) throw new Error(`cannot use ${passport} nor ${lime.siteToken}`);
      return held;
    });
    const good = lime.createLoginRequest().requestId;

    const { passport } = await lime.approve(good);
    await until(async () => (await contentsOf(redis())).includes(passport));
    const { passport: wasted } = await lime.approve(bad);
    await until(() => site.stats.failed === 1);
    release();
    await until(async () => !(await contentsOf(redis())).includes(passport));

    const contents = await contentsOf(redis());
    expect(contents.includes(wasted)).toBe(false);
    expect(contents.includes(lime.siteToken)).toBe(false);
    expect(contents).toContain('[passport]');
  });

  it('has no pending entry of a login whose outcome came before the answer to its creation', async () => {
    const cluster = { siteKey: 'late' };
    const { lime, site, handler } = await startReplica(start, { redis: redis(), cluster });
    await until(() => site.connection.state === 'open');
    const { requestId, expiresAt } = lime.createLoginRequest();
    lime.expire(requestId);
    await until(() => handler.requestIds.includes(requestId));
    await firstValueFrom(site.outcomeOf(requestId));

    const other = await bullMqCluster({ url: redis().url, ...cluster }).join({
      name: 'default',
      key: 'another',
      concurrency: 1,
      logger: new Logger(),
    });
    closeLater(() => other.close());
    other.start({
      handlesLogins: false,
      whenStarted: Promise.resolve(),
      handle: async () => ({ done: [], failed: [] }),
      onOutcome: () => undefined,
      onFailed: () => undefined,
      awaited: () => [],
    });
    await other.whenUp(2_000);
    await other.remember('login', requestId, expiresAt);

    expect(await contentsOf(redis())).not.toContain(':pending');
  });
});
