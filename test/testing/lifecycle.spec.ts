import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { LimeSandbox, type SandboxActivity } from 'nestjs-lime-sites/testing';
import { EventReader } from './support/event-reader.js';
import { until } from '../support/until.js';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

describe('LimeSandbox.start() and stop()', () => {
  it('give base URL, tokens and options for the module', async () => {
    const lime = await startSandbox();
    const { baseUrl, siteToken } = lime;

    expect(baseUrl).toBe(`http://127.0.0.1:${lime.port}/api/v1`);
    expect(siteToken).toMatch(/^st_sandbox_/);
    expect(lime.agentToken).toMatch(/^at_sandbox_/);
    expect(lime.moduleOptions()).toEqual({ siteToken, baseUrl });
    expect(lime.consoleUrl).toBe(`http://127.0.0.1:${lime.port}/`);
    expect(lime.env()).toEqual({ LIME_SITE_TOKEN: siteToken, LIME_API_BASE: baseUrl });
    expect(lime.agent).toEqual({
      agentId: expect.stringMatching(/^[\da-f-]{36}$/),
      userId: expect.stringMatching(/^[\da-f-]{36}$/),
      displayName: 'Demo agent',
    });

    await lime.stop();
  });

  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const hasIpv6 = addresses.some(({ address }) => address === '::1');

  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['localhost', 'localhost'],
    ...(hasIpv6
      ? [
          ['::1', '[::1]'],
          ['::', '[::1]'],
        ]
      : []),
  ])('listen on %s, with the base URL at %s', async (host, called) => {
    const lime = await startSandbox({ host });

    expect(lime.baseUrl).toBe(`http://${called}:${lime.port}/api/v1`);
    expect((await new SiteClient(lime).create()).status).toBe(201);

    await lime.stop();
  });

  it('name every wrong option at once', async () => {
    const wrong = {
      port: 70_000,
      host: '',
      siteToken: 'with space',
      agentToken: 'two\nlines',
      jwks: 'other',
      powDifficulty: 1.5,
      requestTtlMs: 0,
      bindingTtlMs: 2 ** 31,
      passportTtlSeconds: 121,
      keepaliveMs: -1,
      delivery: 'all',
      rateLimit: { max: -1, windowMs: 0 },
      signingKey: createSecretKey(Buffer.alloc(32)),
    };
    const starting = LimeSandbox.start(wrong as unknown as Parameters<typeof LimeSandbox.start>[0]);

    await expect(starting).rejects.toMatchObject({ code: 'SANDBOX_OPTIONS_INVALID' });
    const { rateLimit: _limit, ...fields } = wrong;
    for (const name of [...Object.keys(fields), 'rateLimit.max', 'rateLimit.windowMs']) {
      await expect(starting).rejects.toThrow(`${name} must be`);
    }
  });

  it('sign with a key from the options, and refuse a short one', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;

    await expect(LimeSandbox.start({ signingKey: weak })).rejects.toThrow('signingKey must be');
  });

  it('reject with SANDBOX_LISTEN_FAILED when the port is in use or the address is invalid', async () => {
    const first = await startSandbox();

    await expect(startSandbox({ port: first.port })).rejects.toMatchObject({
      code: 'SANDBOX_LISTEN_FAILED',
      message: `Port ${first.port} on 127.0.0.1 is in use by another program.`,
    });
    await expect(startSandbox({ host: '192.0.2.1' })).rejects.toThrow(/cannot listen/);

    await first.stop();
  });

  it('share nothing with a second sandbox', async () => {
    const [one, two] = await Promise.all([LimeSandbox.start(), LimeSandbox.start()]);
    one.createLoginRequest();

    expect(two.requests()).toEqual([]);
    expect(two.publishedKeys()).not.toEqual(one.publishedKeys());

    await Promise.all([one.stop(), two.stop()]);
  });

  it('stop at once with open streams, and again without effect', async () => {
    const lime = await startSandbox();
    const reader = await EventReader.open(lime);
    lime.createLoginRequest();
    const start = performance.now();
    await Promise.all([lime.stop(), lime.stop()]);
    await lime[Symbol.asyncDispose]();

    expect(performance.now() - start).toBeLessThan(500);
    expect(await reader.ended).toBe('ECONNRESET');
    expect(() => lime.createLoginRequest()).toThrow('stopped');
  });
});

describe('The activities of the sandbox', () => {
  let lime: LimeSandbox;
  afterEach(() => lime.stop());

  it('are complete, in order and without secrets', async () => {
    lime = await startSandbox({ bindingTtlMs: 15 });
    const activities: SandboxActivity[] = [];
    const unsubscribe = lime.onActivity((activity) => activities.push(activity));
    const site = new SiteClient(lime);

    const reader = await EventReader.open(lime);
    const first = lime.createLoginRequest().requestId;
    await lime.approve(first);
    lime.faults.loseEvents(1);
    const second = lime.createLoginRequest().requestId;
    lime.expire(second);
    reader.close();
    await until(() => lime.openStreams === 0);
    await site.bind('https://site.example/');
    await lime.completeBinding(lime.bindings()[0]?.bindingId ?? '');
    await site.bind('https://site.example/');
    await until(() => lime.bindings()[1]?.status === 'EXPIRED');
    await lime.rotateKeys();
    lime.suspendSite();
    lime.reinstateSite();
    unsubscribe();
    lime.createLoginRequest();

    expect(activities.map(({ kind }) => kind)).toEqual([
      'stream-opened',
      'request-created',
      'approved',
      'delivered',
      'request-created',
      'expired',
      'dropped',
      'stream-closed',
      'binding-created',
      'binding-completed',
      'binding-created',
      'binding-expired',
      'keys-rotated',
      'site-suspended',
      'site-reinstated',
    ]);
    expect(activities[3]).toEqual({
      at: expect.any(Date),
      kind: 'delivered',
      requestId: first,
      streams: 1,
    });
    expect(JSON.stringify(activities)).not.toMatch(/eyJ|sandbox_/);
  });

  it('continue with a warning when a listener throws', async () => {
    lime = await startSandbox();
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const kinds: string[] = [];
    lime.onActivity(() => {
      throw new Error('broken listener');
    });
    lime.onActivity(({ kind }) => kinds.push(kind));
    lime.createLoginRequest();

    expect(kinds).toEqual(['request-created']);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('broken listener'));
    warned.mockRestore();
  });
});
