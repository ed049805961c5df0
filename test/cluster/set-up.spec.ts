import { describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Cluster, Redis } from 'ioredis';
import {
  getLimeSiteServiceToken,
  LimeError,
  type LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import { type BullMqClusterOptions, bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { describeWithRedis, useRedis } from '../support/redis-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { startReplica } from './start-replicas.js';

const start = useStarter();
const closeLater = useCleanup();

describe('bullMqCluster()', () => {
  const WRONG: [name: string, options: Record<string, unknown>, message: RegExp][] = [
    ['neither url nor connection', {}, /either url .* or connection/],
    ['both', { url: 'redis://x', connection: {} }, /either url/],
    ['another protocol', { url: 'http://x' }, /url must begin with redis:/],
    ['an empty prefix', { url: 'redis://x', prefix: ' ' }, /prefix must be a string/],
    ['braces', { url: 'redis://x', siteKey: '{x}' }, /siteKey must .* has no braces/],
    ['a url as connection', { connection: 'redis://x' }, /connection must be options of ioredis/],
    ['null as connection', { connection: null }, /connection must be options of ioredis/],
    ['a port as connection', { connection: 6379 }, /connection must be options of ioredis/],
    ['a url in connection', { connection: { url: 'redis://x' } }, /connection must not have a url/],
    ['a keyPrefix', { connection: { keyPrefix: 'x:' } }, /connection must not have a keyPrefix/],
    ['a keyPrefix in the url', { url: 'redis://x?keyPrefix=x:' }, /url must not have a keyPrefix/],
    [
      'a keyPrefix of a client',
      { connection: new Redis({ keyPrefix: 'x:', lazyConnect: true }) },
      /connection must not have a keyPrefix/,
    ],
    [
      'a keyPrefix of a client for Redis Cluster',
      { connection: new Cluster(['x'], { lazyConnect: true, redisOptions: { keyPrefix: 'x:' } }) },
      /connection must not have a keyPrefix/,
    ],
    ['no attempt', { url: 'redis://x', attempts: 0 }, /attempts must be a whole number from 1/],
    [
      'a time that is not a number',
      { url: 'redis://x', takeoverMs: '9' },
      /takeoverMs must be a whole/,
    ],
    ['an unknown option', { url: 'redis://x', retries: 3 }, /retries is not an option/],
  ];

  it.each(WRONG)('refuses %s', (_, options, message) => {
    expect(() => bullMqCluster(options as BullMqClusterOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringMatching(message) }),
    );
  });

  it('names all wrong options at once, without the password', () => {
    const options = { url: 'redis://:hunter2@x', attempts: 0, backoffMs: 0 };
    expect(() => bullMqCluster(options)).toThrow(/attempts .*; backoffMs /);
    expect(() => bullMqCluster(options)).not.toThrow(/hunter2/);
    const twice = { ...options, takeoverMs: options.url } as unknown as BullMqClusterOptions;
    expect(() => bullMqCluster(twice)).not.toThrow(/hunter2/);
  });

  it.each([undefined, null, 'redis://:hunter2@x'])('refuses %p in place of options', (options) => {
    const call = () => bullMqCluster(options as unknown as BullMqClusterOptions);
    expect(call).toThrow(/the options must be an object/);
    expect(call).not.toThrow(/hunter2/);
  });

  it('makes the only value that the option cluster accepts', async () => {
    const options = { cluster: { url: 'redis://x' } } as unknown as LimeSitesModuleOptions;
    const error = await failureOf(LimeError, start.site({ options }));
    expect(error.message).toContain('cluster must be what bullMqCluster() gives');
  });
});

describeWithRedis('A cluster', () => {
  const redis = useRedis();

  it('accepts options of ioredis in place of a url', async () => {
    const { port } = new URL(redis().url);
    const { site } = await start.site({
      options: {
        cluster: bullMqCluster({ connection: { host: '127.0.0.1', port: Number(port) } }),
      },
    });
    await until(() => site.cluster?.state === 'up');
  });

  it('accepts a client of ioredis, and neither uses nor closes it', async () => {
    const client = new Redis(redis().url, { lazyConnect: true });
    closeLater(() => client.disconnect());
    const { site, app } = await start.site({
      options: { cluster: bullMqCluster({ connection: client }) },
    });
    await until(() => site.cluster?.state === 'up');
    await app.close();

    expect(client.status).toBe('wait');
  });

  it('opens no connection for an application that is compiled but not started', async () => {
    const before = await connections(redis().url);
    const cluster = bullMqCluster({ url: redis().url });
    await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot({ siteToken: 'st_1', cluster })],
    }).compile();

    expect(await connections(redis().url)).toBe(before);
  });

  it('closes its connections with the application', async () => {
    const before = await connections(redis().url);
    const { app } = await startReplica(start, { redis: redis() });
    expect(await connections(redis().url)).toBe(before + 4);

    await app.close();

    await until(async () => (await connections(redis().url)) === before);
  });

  it('serves several named sites, which do not see each other', async () => {
    const [shop, club] = await Promise.all([start.lime(), start.lime()]);
    const cluster = bullMqCluster({ url: redis().url });
    const { app } = await start.app({
      imports: [
        LimeSitesModule.forRoot({ name: 'shop', ...shop.moduleOptions(), cluster }),
        LimeSitesModule.forRoot({ name: 'club', ...club.moduleOptions(), cluster }),
      ],
    });
    await Promise.all([shop.whenStreamOpen(), club.whenStreamOpen()]);
    const handled: string[] = [];
    for (const name of ['shop', 'club']) {
      app.get<LimeSiteService>(getLimeSiteServiceToken(name)).onLogin(function onOutcome() {
        handled.push(name);
      });
    }

    await shop.approve(shop.createLoginRequest().requestId);
    await until(() => handled.length === 1);

    expect(handled).toEqual(['shop']);
  });
});

describeWithRedis('A Redis that may evict keys', () => {
  const redis = useRedis({ 'maxmemory-policy': 'allkeys-lru' });

  it('causes a warning at the start', async () => {
    const warn = jest.spyOn(console, 'warn').mockReturnValue(); // of BullMQ
    closeLater(() => warn.mockRestore());
    const { logs } = await startReplica(start, { redis: redis() });

    await until(() => logs.of('warn').some((line) => line.includes('set it to noeviction')));
  });
});

/** The number of clients of Redis, without this one. */
async function connections(url: string): Promise<number> {
  const client = new Redis(url);
  try {
    return (
      String(await client.client('LIST'))
        .trim()
        .split('\n').length - 1
    );
  } finally {
    client.disconnect();
  }
}
