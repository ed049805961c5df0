import { Controller, Get, UseGuards } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { LimeError, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { firstValueFrom } from 'rxjs';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { bearer } from '../support/own-login.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startReplica, startTwo } from './start-replicas.js';

@Controller()
class GuardedRoutes {
  @UseGuards(PassportGuard)
  @Get('me')
  me() {
    return {};
  }

  @UseGuards(PassportGuard)
  @PassportPolicy({ singleUse: true })
  @Get('once')
  once() {
    return {};
  }
}

const start = useStarter();
const closeLater = useCleanup();
const controllers = [GuardedRoutes];
/** Short, so that a test notices a pause of Redis. */
const cluster = { commandTimeoutMs: 200 };

describeWithRedis('During an outage of Redis', () => {
  const redis = useRedis();

  it('logins are held, and then handled once each', async () => {
    const { lime, second, both } = await startTwo(start, { redis: redis(), cluster });
    await redis().stop();
    await until(() => both.every(({ site }) => site.cluster?.state === 'down'));
    const ids = Array.from({ length: 20 }, () => lime.createLoginRequest().requestId);
    for (const id of ids) await lime.approve(id);
    await until(() => both.every(({ site }) => site.stats.delivered === 20));
    expect(both.flatMap(({ handler }) => handler.events)).toEqual([]);
    expect(second.logs.toString()).toContain('until the cluster accepts it');

    await redis().start();

    const handled = () => both.flatMap(({ handler }) => handler.requestIds);
    await until(() => handled().length >= 20);
    expect(handled().toSorted()).toEqual(ids.toSorted());
    await until(() => both.every(({ site }) => site.cluster?.state === 'up'));
  });

  it('a login in flight is not handled again, although Redis cannot store its end', async () => {
    const { lime, first, both } = await startTwo(start, {
      redis: redis(),
      cluster: { ...cluster, takeoverMs: 2_000 },
    });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    for (const { site } of both) {
      site.onLogin(async function onOutcome() {
        begun++;
        await held;
      });
    }
    const { requestId } = lime.createLoginRequest();
    await lime.approve(requestId);
    await until(() => begun === 1);
    redis().pause();
    await until(() => both.every(({ site }) => site.cluster?.state === 'down'));
    release();
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // the lock on the login expires
    redis().resume();
    await until(() => both.every(({ site }) => site.cluster?.state === 'up'));
    await new Promise((resolve) => setTimeout(resolve, 4_500)); // a replica would take it over

    expect(begun).toBe(1);
    expect(both.flatMap(({ handler }) => handler.requestIds)).toEqual([requestId]);
    expect((await firstValueFrom(first.site.outcomeOf(requestId))).type).toBe('approved');
  });

  it('a new subscriber to an outcome waits, and gets it after the outage, also without a lost connection', async () => {
    const { lime, first } = await startTwo(start, { redis: redis(), cluster });
    const { requestId } = await first.site.createLoginRequest();
    await lime.approve(requestId);
    await firstValueFrom(first.site.outcomeOf(requestId));
    const { site } = await startReplica(start, { redis: redis(), lime, cluster });
    redis().pause();
    await until(() => site.cluster?.state === 'down');

    const outcome = firstValueFrom(site.outcomeOf(requestId));
    redis().resume();

    expect((await outcome).type).toBe('approved');
  });

  it('a login whose lock expires is handled again from the start', async () => {
    const { lime, both } = await startTwo(start, {
      redis: redis(),
      cluster: { ...cluster, takeoverMs: 1_000 },
    });
    const calls: string[] = [];
    for (const { site } of both) {
      site.onLogin(function first() {
        // The first invocation never ends: its replica loses the login.
        return calls.push('first') === 1 ? new Promise(() => undefined) : undefined;
      });
      site.onLogin(function second() {
        calls.push('second');
      });
    }
    await lime.approve(lime.createLoginRequest().requestId);
    await until(() => calls.length === 1);
    redis().pause();
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // the lock on the login expires
    redis().resume();

    await until(() => calls.includes('second'));
    expect(calls).toEqual(['first', 'first', 'second']);
  });

  it('createLoginRequest() fails with CLUSTER_UNAVAILABLE', async () => {
    const { site, lime } = await startReplica(start, {
      redis: redis(),
      cluster,
      options: { streamWaitMs: 100 },
    });
    await lime.whenStreamOpen();
    redis().pause();
    await until(() => site.cluster?.state === 'down');

    const error = await failureOf(LimeError, site.createLoginRequest());
    redis().resume();

    expect(error).toMatchObject({ code: 'CLUSTER_UNAVAILABLE' });
    expect(lime.callCount('create')).toBe(0);
    await until(() => site.cluster?.state === 'up');
    await site.createLoginRequest();
  });

  it('a guard accepts the logins of its own replica, and answers 503 to all others', async () => {
    const { lime, first, second } = await startTwo(start, {
      redis: redis(),
      cluster,
      controllers,
    });
    const { requestId } = await first.site.createLoginRequest();
    const headers = bearer(await lime.signPassport({ request_id: requestId }));
    redis().pause();
    await until(() => [first, second].every(({ site }) => site.cluster?.state === 'down'));

    const answers = await Promise.all(
      [`${first.url}/me`, `${second.url}/me`, `${first.url}/once`].map((url) =>
        fetch(url, { headers }),
      ),
    );
    const refused = await answers[1]?.json();
    redis().resume();

    expect(answers.map(({ status }) => status)).toEqual([200, 503, 503]);
    expect(refused).toMatchObject({ code: 'cluster_unavailable' });
    await until(() => second.site.cluster?.state === 'up');
    expect((await fetch(`${second.url}/me`, { headers })).status).toBe(200);
  });

  it('an application starts, and joins the cluster after the outage', async () => {
    await redis().stop();
    const { site, lime, handler, logs } = await startReplica(start, {
      redis: redis(),
      joined: false,
    });
    await lime.whenStreamOpen();
    expect(site.cluster).toMatchObject({ state: 'connecting' });
    const { requestId } = lime.createLoginRequest();
    await lime.approve(requestId);
    await until(() => site.stats.delivered === 1);
    expect(handler.events).toEqual([]);

    await redis().start();

    await until(() => handler.requestIds.includes(requestId));
    const said = logs.lines.filter(({ message }) => /Cluster/.test(message));
    expect(said.map(({ level }) => level)).toEqual(['warn', 'log']);
  });

  it('an application without a login in flight closes at once', async () => {
    const { app, site } = await startReplica(start, { redis: redis(), cluster });
    await redis().stop();
    await until(() => site.cluster?.state === 'down');

    const started = performance.now();
    await app.close();

    expect(performance.now() - started).toBeLessThan(1_000);
    await redis().start();
  });

  it('an application closes before the deadline, and names the logins that no replica has', async () => {
    const { app, site, lime, logs } = await startReplica(start, {
      redis: redis(),
      cluster,
      options: { shutdownTimeoutMs: 200 },
    });
    await lime.whenStreamOpen();
    redis().pause();
    await until(() => site.cluster?.state === 'down');
    const { requestId } = lime.createLoginRequest();
    lime.expire(requestId);
    await until(() => site.stats.delivered === 1);

    const started = performance.now();
    await app.close();
    redis().resume();

    expect(performance.now() - started).toBeLessThan(2_000);
    expect(logs.toString()).toContain(`no handler received before shutdown: ${requestId}`);
    expect(site.cluster).toMatchObject({ state: 'closed' });
  });
});

describeWithRedis('While the memory of Redis is full', () => {
  const redis = useRedis();

  it('logins are held, and handled as soon as it has room', async () => {
    const { site, lime, handler } = await startReplica(start, { redis: redis(), cluster });
    await until(() => site.connection.state === 'open');
    const client = new Redis(redis().url);
    closeLater(() => client.disconnect());
    await client.config('SET', 'maxmemory', '1');
    await until(() => site.cluster?.state === 'down');
    const { requestId } = lime.createLoginRequest();
    await lime.approve(requestId);
    await until(() => site.stats.delivered === 1);
    expect(site.cluster?.lastError?.message).toMatch(/^OOM/);
    expect(handler.events).toEqual([]);

    await client.config('SET', 'maxmemory', '0');

    await until(() => handler.requestIds.includes(requestId));
  });
});
