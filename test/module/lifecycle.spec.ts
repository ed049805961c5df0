import { type AddressInfo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { Injectable, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  LimeError,
  type LimeLoginEvent,
  LimeSiteService,
  LimeSitesModule,
  OnLimeLogin,
} from 'nestjs-lime-sites';
import { Agent } from 'undici';
import { CapturedLogs } from '../support/captured-logs.js';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { featureModule } from '../support/feature-module.js';
import { closedAddress, LoopbackServer } from '../support/loopback-server.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

@Injectable()
class Logins {
  readonly events: LimeLoginEvent[] = [];

  @OnLimeLogin()
  open(event: LimeLoginEvent) {
    this.events.push(event);
  }
}

describe('The start of a site', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  it('opens exactly one stream and fetches the keys once', async () => {
    const { lime, site } = await start.site();
    await lime.whenStreamOpen();
    await until(() => site.connection.state === 'open');
    expect(lime.callCount('events')).toBe(1);
    expect(lime.callCount('jwks')).toBe(1);
  });

  it('succeeds while the platform refuses connections', async () => {
    const baseUrl = await closedAddress();
    const { app, logs } = await start.app({
      imports: [LimeSitesModule.forRoot({ siteToken: 'st_1', baseUrl })],
    });
    const site = app.get(LimeSiteService);
    await until(() => site.connection.state === 'reconnecting');
    expect(site.connection.lastError).toMatchObject({ code: 'NETWORK_ERROR' });
    expect(logs.of('warn')).toContainEqual(expect.stringContaining('ECONNREFUSED'));
  });

  it('does not wait for a platform that accepts and never answers', async () => {
    const server = await LoopbackServer.start();
    closeLater(() => server.stop());
    const startedAt = performance.now();
    const { app } = await start.app({
      imports: [LimeSitesModule.forRoot({ siteToken: 'st_1', baseUrl: server.url })],
    });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(app.get(LimeSiteService).connection.state).toBe('connecting');
  });

  it('does not wait for a platform that accepts a socket and does not serve it', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closeLater(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { app } = await start.app({
      imports: [LimeSitesModule.forRoot({ siteToken: 'st_1', baseUrl })],
    });
    await app.close();
    expect(app.get(LimeSiteService).connection.state).toBe('closed');
  });

  it('opens no stream with dispatcher: false, and verifies passports', async () => {
    const { lime, site } = await start.site({ options: { dispatcher: false } });
    const { requestId } = await site.createLoginRequest();
    const jwt = await lime.signPassport({ request_id: requestId });
    await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    expect(site.connection.state).toBe('idle');
    expect(lime.callCount('events')).toBe(0);
  });

  it('works without HTTP, in an application context', async () => {
    const lime = await start.lime();
    const logger = new CapturedLogs();
    const root = featureModule({
      imports: [LimeSitesModule.forRoot(lime.moduleOptions())],
      providers: [Logins],
    });
    const context = await NestFactory.createApplicationContext(root, { logger });
    closeLater(() => context.close());
    const { requestId } = await context.get(LimeSiteService).createLoginRequest();
    await lime.approve(requestId);
    expect(await until(() => context.get(Logins).events[0])).toMatchObject({ requestId });
  });
});

describe('The warning about an application without a handler', () => {
  const start = useStarter();
  const WARNING = /No login handler yet/;

  it('is logged when the application has no listener', async () => {
    const { logs } = await start.site();
    expect(logs.of('warn').filter((line) => WARNING.test(line))).toHaveLength(1);
  });

  it('is not logged when a method is decorated', async () => {
    const { logs } = await start.site({ providers: [Logins] });
    expect(logs.of('warn')).toEqual([]);
  });

  it('is not logged when a provider has called onLogin() or subscribed at the start', async () => {
    const atStart = (listen: (site: LimeSiteService) => unknown): Provider => ({
      provide: 'LISTENER',
      inject: [LimeSiteService],
      useFactory: listen,
    });
    const providers = [
      atStart((site) => site.onLogin(() => undefined)),
      atStart((site) => site.loginEvents$.subscribe()),
    ];
    for (const provider of providers) {
      const { logs } = await start.site({ providers: [provider] });
      expect(logs.of('warn')).toEqual([]);
    }
  });

  it('is not logged when events go to an emitter', async () => {
    const { logs } = await start.site({ options: { eventEmitter: { emit: () => undefined } } });
    expect(logs.of('warn')).toEqual([]);
  });

  it('is not logged with dispatcher: false, which has no events', async () => {
    const { logs } = await start.site({ options: { dispatcher: false } });
    expect(logs.of('warn')).toEqual([expect.stringContaining('dispatcher is false')]);
  });
});

describe('A site', () => {
  const start = useStarter();

  it('counts received and delivered events', async () => {
    const { lime, site } = await start.site({ providers: [Logins] });
    const { requestId } = await site.createLoginRequest();
    lime.faults.duplicateEvents(2);
    await lime.approve(requestId);
    await until(() => site.stats.duplicates === 1);
    expect(site.stats).toEqual({
      received: 2,
      delivered: 1,
      duplicates: 1,
      rejected: 0,
      skipped: 0,
      missed: 0,
      handlerErrors: 0,
      failed: 0,
      reconnects: 0,
    });
  });

  it('gives a copy of its counters, so that callers cannot change them', async () => {
    const { site } = await start.site();
    const stats = site.stats as { received: number };
    try {
      stats.received = 99;
    } catch {
      // Frozen is as good as copied.
    }
    expect(site.stats.received).toBe(0);
  });

  it('has the state of the connection and the time of its last change', async () => {
    const { lime, site } = await start.site({ sandbox: { keepaliveMs: 5 } });
    await until(() => site.connection.lastFrameAt);
    expect(site.connection).toMatchObject({ state: 'open', attempt: 0 });
    expect(site.connection.since).toBeInstanceOf(Date);

    const states: string[] = [];
    site.connection$.subscribe(({ state }) => states.push(state));
    lime.faults.dropStreams();
    await until(() => site.stats.reconnects === 1);
    expect(states.at(0)).toBe('open');
    expect(states).toContain('reconnecting');
    expect(states.at(-1)).toBe('open');
  });

  it('does not show a secret in any printed form', async () => {
    const { lime, site, logs } = await start.site({ providers: [Logins] });
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    await until(() => site.stats.delivered === 1);
    const shown = inspect(site, { depth: 20, showHidden: true }) + logs.toString();
    expect(shown).not.toContain(lime.siteToken);
    expect(shown).not.toContain(passport);
  });
});

describe('The end of a site', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  it('closes the stream and completes the observables', async () => {
    const { app, lime, site } = await start.site();
    await until(() => site.connection.state === 'open');
    const completed: string[] = [];
    site.loginEvents$.subscribe({ complete: () => completed.push('events') });
    site.rejections$.subscribe({ complete: () => completed.push('rejections') });
    site.connection$.subscribe({ complete: () => completed.push('connection') });
    site.outcomeOf('lr_1').subscribe({ complete: () => completed.push('outcome') });
    await app.close();
    expect(completed.toSorted()).toEqual(['connection', 'events', 'outcome', 'rejections']);
    expect(site.connection.state).toBe('closed');
    await until(() => lime.openStreams === 0);
  });

  it('can be requested twice', async () => {
    const { app, site } = await start.site();
    await app.close();
    await site.onModuleDestroy();
    await site.onApplicationShutdown();
    expect(site.connection.state).toBe('closed');
  });

  it('can be requested before the start', async () => {
    const lime = await start.lime();
    const module = await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot(lime.moduleOptions())],
    }).compile();
    const site = module.get(LimeSiteService);
    await site.onModuleDestroy();
    await site.onApplicationShutdown();
    expect(site.connection.state).toBe('closed');
    expect(lime.calls).toEqual([]);
  });

  it('makes createLoginRequest() fail at once, because the site cannot receive an outcome any more', async () => {
    const { app, lime, site } = await start.site();
    await until(() => site.connection.state === 'open');
    await app.close();
    const startedAt = performance.now();
    const error = await failureOf(LimeError, site.createLoginRequest());
    expect(error.code).toBe('SHUTTING_DOWN');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(lime.callCount('create')).toBe(0);
  });

  it('closes its own connections', async () => {
    const { app, lime, site } = await start.site({ options: { streamWaitMs: 0 } });
    await site.createLoginRequest();
    await app.close();
    await expect(site.getLoginRequest('lr_1')).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    expect(lime.callCount('status')).toBe(0);
  });

  it('does not close an HTTP client of the application', async () => {
    const httpClient = new Agent();
    closeLater(() => httpClient.destroy());
    const { app, lime, site } = await start.site({ options: { httpClient, streamWaitMs: 0 } });
    await site.createLoginRequest();
    await app.close();
    expect(httpClient.closed).toBe(false);
    expect(httpClient.destroyed).toBe(false);
    const answer = await httpClient.request({
      origin: new URL(lime.baseUrl).origin,
      path: '/api/v1/core/.well-known/jwks.json',
      method: 'GET',
    });
    await answer.body.dump();
    expect(answer.statusCode).toBe(200);
  });

  it('keeps verification working until the last hook', async () => {
    const { lime, site } = await start.site();
    await site.onModuleDestroy();
    const jwt = await lime.signPassport({ request_id: 'lr_1' });
    await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    await lime.rotateKeys({ keepOld: false });
    const newer = await lime.signPassport({ request_id: 'lr_1' });
    await expect(site.verifyPassport(newer)).resolves.toMatchObject({ valid: true });
  });
});
