import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { firstValueFrom } from 'rxjs';
import type { Clock, LimeLoginFailure } from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { LimeError } from 'nestjs-lime-sites';
import { readings, secretsIn } from '../support/leaks.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startReplica, startTwo } from './start-replicas.js';

const start = useStarter();

describeWithRedis('A Redis that refuses a command for good', () => {
  const redis = useRedis();
  const closeLater = useCleanup();

  /** The connection of a Redis user with these ACL rules. */
  async function accessOf(...rules: string[]): Promise<{ access: { url: string } }> {
    const admin = new Redis(redis().url);
    closeLater(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'site', 'reset', 'on', '>pw', '~*', '+@all', ...rules);
    return { access: { url: redis().url.replace('redis://', 'redis://site:pw@') } };
  }

  it('still delivers every login once under an ACL without channels, and reports the command', async () => {
    const { lime, first, second, both } = await startTwo(start, { redis: await accessOf() });
    const ids: string[] = [];
    for (let index = 0; index < 40; index++) {
      const { requestId } = await first.site.createLoginRequest();
      ids.push(requestId);
      await lime.approve(requestId);
    }
    const handled = () => both.flatMap(({ handler }) => handler.requestIds);
    await until(() => handled().length >= 40);
    const outcome = await firstValueFrom(second.site.outcomeOf(ids[0] ?? ''));

    expect(handled().toSorted()).toEqual(ids.toSorted());
    expect(outcome).toMatchObject({ type: 'approved', requestId: ids[0] });
    for (const { site } of both) {
      expect(site.cluster).toMatchObject({ state: 'down' });
      expect(site.cluster?.lastError?.message).toMatch(/channel/);
    }
    // One logger for both replicas; each may warn of SUBSCRIBE and of PUBLISH.
    const warnings = both
      .flatMap(({ logs }) => logs.of('warn'))
      .filter((line) => line.includes('Redis refuses'));
    expect(warnings.length).toBeGreaterThanOrEqual(2);
    expect(warnings.length).toBeLessThanOrEqual(4);
  });

  it('fails the login after a few attempts under an ACL without XADD, and does not show the passport', async () => {
    const { lime, site, logs } = await startReplica(start, {
      redis: await accessOf('&*', '-xadd'),
    });
    await until(() => site.connection.state === 'open');
    const failures: LimeLoginFailure[] = [];
    site.failures$.subscribe((failure) => failures.push(failure));
    const { requestId } = await site.createLoginRequest();

    const { passport } = await lime.approve(requestId);
    await until(() => failures.length === 1);

    expect(failures).toMatchObject([
      {
        requestId,
        failed: [{ handler: 'cluster', reason: expect.stringMatching(/can't run this command/) }],
      },
    ]);
    expect(site.cluster).toMatchObject({ state: 'down' });
    const shown = [readings(site.cluster), readings(failures), logs.toString()].join('\n');
    expect(secretsIn(shown, { passport, password: 'site:pw' })).toEqual([]);
  });
});

describeWithRedis('A Redis whose memory is full', () => {
  const redis = useRedis();
  const closeLater = useCleanup();

  it('holds the login until it has room, and does not show the passport', async () => {
    const { lime, site, logs, handler } = await startReplica(start, { redis: redis() });
    await until(() => site.connection.state === 'open');
    const { requestId } = await site.createLoginRequest();
    const admin = new Redis(redis().url);
    closeLater(() => admin.disconnect());
    await admin.config('SET', 'maxmemory', '1');

    const { passport } = await lime.approve(requestId);
    await until(() => site.cluster?.state === 'down');
    const error = await failureOf(LimeError, site.createLoginRequest());
    const shown = [readings(site.cluster), readings(error), JSON.stringify(site.cluster)];
    expect(handler.events).toEqual([]);
    await admin.config('SET', 'maxmemory', '0');
    await until(() => handler.events.length === 1);

    expect(site.cluster?.lastError?.message).toMatch(/OOM/);
    expect(error.code).toBe('CLUSTER_UNAVAILABLE');
    expect(secretsIn([...shown, logs.toString()].join('\n'), { passport })).toEqual([]);
    expect(handler.requestIds).toEqual([requestId]);
  });
});

describeWithRedis('The time of a cluster', () => {
  const redis = useRedis();
  const closeLater = useCleanup();

  it('is that of Redis: a replica whose clock is 45 s ahead does not expire a login early', async () => {
    const ahead: Clock = {
      now: () => Date.now() + 45_000,
      monotonic: () => performance.now(),
      schedule(callback, ms) {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    };
    const setup = { redis: redis(), sandbox: { requestTtlMs: 20_000 }, clock: ahead };
    const { lime, site, handler } = await startReplica(start, setup);
    await until(() => site.connection.state === 'open');
    const { requestId } = await site.createLoginRequest();

    // Three heartbeats, and every timer of the replica's own clock.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(handler.events).toEqual([]);
    lime.send({ type: 'expired', login_request_id: requestId });
    await until(() => handler.events.length === 1);

    expect(handler.events).toMatchObject([{ type: 'expired', origin: 'platform' }]);
  });

  it('keeps an outcome with any rememberMs until the login cannot get another one', async () => {
    const { lime, site, handler } = await startReplica(start, {
      redis: redis(),
      sandbox: { requestTtlMs: 600_000 },
      cluster: { rememberMs: 60_000 },
    });
    await until(() => site.connection.state === 'open');
    const { requestId } = await site.createLoginRequest();
    await lime.approve(requestId);
    await until(() => handler.requestIds.includes(requestId));
    await firstValueFrom(site.outcomeOf(requestId));

    const admin = new Redis(redis().url);
    closeLater(() => admin.disconnect());
    for (const kind of ['progress', 'outcome']) {
      const [key = ''] = await admin.keys(`*:${kind}:${requestId}`);
      expect(await admin.pttl(key)).toBeGreaterThan(600_000);
    }
  });
});
