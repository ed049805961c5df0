import { EventEmitter } from 'node:events';
import { Injectable, type Provider } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { describe, expect, it } from '@jest/globals';
import {
  type LimeConnection,
  type LimeLoginEvent,
  type LimeLoginRejection,
  LimeSiteService,
  LimeSitesModule,
} from 'nestjs-lime-sites';
import { featureModule } from '../support/feature-module.js';
import { type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

@Injectable()
class Listener {
  readonly approved: LimeLoginEvent[] = [];
  readonly expired: LimeLoginEvent[] = [];
  readonly rejected: LimeLoginRejection[] = [];
  readonly connections: LimeConnection[] = [];

  @OnEvent('lime.login.approved')
  onApproved(event: LimeLoginEvent) {
    this.approved.push(event);
  }

  @OnEvent('lime.login.expired')
  onExpired(event: LimeLoginEvent) {
    this.expired.push(event);
  }

  @OnEvent('lime.login.rejected')
  onRejected(rejection: LimeLoginRejection) {
    this.rejected.push(rejection);
  }

  @OnEvent('lime.connection.changed')
  onConnection(connection: LimeConnection) {
    this.connections.push(connection);
  }
}

const MANY_EMITTERS = /has 2 event emitters/;

describe('Application events', () => {
  const start = useStarter();

  async function endAll({ lime, site }: StartedSite): Promise<void> {
    await lime.whenStreamOpen();
    const [approved, expired, rejected] = Array.from({ length: 3 }, () =>
      lime.createLoginRequest(),
    );
    if (!approved || !expired || !rejected) return;
    await lime.approve(approved.requestId);
    lime.expire(expired.requestId);
    await lime.approve(rejected.requestId, { aud: 'lime-binding' });
    await until(() => site.stats.delivered === 2 && site.stats.rejected === 1);
  }

  it('go to the one emitter of the application', async () => {
    const started = await start.site({
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener],
    });
    await endAll(started);
    const { approved, expired, rejected, connections } = started.app.get(Listener);
    const [first, second, third] = started.lime.requests();
    expect(approved).toMatchObject([{ type: 'approved', requestId: first?.requestId }]);
    expect(expired).toMatchObject([{ type: 'expired', requestId: second?.requestId }]);
    expect(rejected).toMatchObject([
      { requestId: third?.requestId, error: { code: 'PASSPORT_AUDIENCE' } },
    ]);
    expect(connections.map(({ state }) => state)).toContain('open');
    expect(started.logs.of('warn')).toEqual([expect.stringContaining('Rejected approval')]);
  });

  it('find an emitter with an alias once', async () => {
    const started = await start.site({
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener, { provide: 'EVENTS', useExisting: EventEmitter2 }],
    });
    await endAll(started);
    expect(started.app.get(Listener).approved).toHaveLength(1);
  });

  it('cause no warning in an application without an emitter', async () => {
    const started = await start.site();
    await endAll(started);
    expect(started.logs.of('error')).toEqual([]);
  });

  it('are not emitted, with a warning, when there are two emitters', async () => {
    const emitters = [new EventEmitter2(), new EventEmitter2()];
    const received: unknown[] = [];
    for (const emitter of emitters) emitter.onAny((name) => received.push(name));
    const started = await start.site({
      imports: emitters.map((useValue) =>
        featureModule({ providers: [{ provide: EventEmitter2, useValue }] }),
      ),
    });
    await endAll(started);
    expect(received).toEqual([]);
    expect(started.logs.of('warn')).toContainEqual(expect.stringMatching(MANY_EMITTERS));
    expect(started.logs.of('warn')).toContainEqual(expect.stringContaining('eventEmitter'));
  });

  it('go to the emitter of the option, also when there are two', async () => {
    const [one, other] = [new EventEmitter2(), new EventEmitter2()];
    const received: unknown[] = [];
    other.on('lime.login.approved', (event) => received.push(event));
    one.on('lime.login.approved', () => received.push('wrong emitter'));
    const started = await start.site({
      options: { eventEmitter: other },
      imports: [one, other].map((useValue) =>
        featureModule({ providers: [{ provide: EventEmitter2, useValue }] }),
      ),
    });
    await endAll(started);
    expect(received).toMatchObject([{ type: 'approved' }]);
    expect(started.logs.of('warn')).not.toContainEqual(expect.stringMatching(MANY_EMITTERS));
  });

  it('go to any object with an emit method', async () => {
    const eventEmitter = new EventEmitter();
    const received: unknown[] = [];
    eventEmitter.on('lime.login.expired', (event) => received.push(event));
    await endAll(await start.site({ options: { eventEmitter } }));
    expect(received).toMatchObject([{ type: 'expired', origin: 'platform' }]);
  });

  it('can be turned off', async () => {
    const started = await start.site({
      options: { eventEmitter: false },
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener],
    });
    await endAll(started);
    expect(started.app.get(Listener).approved).toEqual([]);
    expect(started.logs.of('warn')).toContainEqual(expect.stringContaining('No login handler yet'));
  });

  it('wait for the listeners of an application with a slow start', async () => {
    const lime = await start.lime();
    /** Bootstraps after the site and before the emitter, which subscribes its listeners last. */
    const slowStart: Provider = {
      provide: 'SLOW_START',
      inject: [LimeSiteService, EventEmitter2],
      useFactory: (site: LimeSiteService, emitter: EventEmitter2) => ({
        async onApplicationBootstrap() {
          const { requestId } = await site.createLoginRequest();
          await lime.approve(requestId);
          expect(emitter.listenerCount('lime.login.approved')).toBe(0);
        },
      }),
    };
    const slow = { module: featureModule({ providers: [slowStart] }), global: true };
    const { app } = await start.app({
      imports: [
        LimeSitesModule.forRoot(lime.moduleOptions()),
        slow, // global modules bootstrap first, in this order
        EventEmitterModule.forRoot(),
      ],
      providers: [Listener],
    });
    const { approved, connections } = app.get(Listener);
    await until(() => approved.length > 0);
    expect(connections.map(({ state }) => state)).toEqual(['connecting', 'open']);
  });

  it.each([
    ['lime.**', {}, 0],
    ['lime.login.*', {}, 0],
    ['lime.**', { wildcard: true }, 1],
    ['lime.login.*', { wildcard: true }, 1],
    ['lime.*.approved', { wildcard: true }, 1],
    ['lime.login.*', { wildcard: true, delimiter: ':' }, 0],
    ['lime.login.approved', { wildcard: true, delimiter: ':' }, 1],
    ['lime.login.approved', {}, 1],
  ])('reach a listener of %s with the settings %j: %d time', async (pattern, settings, times) => {
    const started = await start.site({ imports: [EventEmitterModule.forRoot(settings)] });
    const received: unknown[] = [];
    started.app.get(EventEmitter2).on(pattern, (event: Partial<LimeLoginEvent>) => {
      if (event.type === 'approved') received.push(event);
    });
    await endAll(started);
    expect(received).toHaveLength(times);
  });

  it('name their site if it has a name', async () => {
    const [lime, shopLime] = await Promise.all([start.lime(), start.lime()]);
    const { app } = await start.app({
      imports: [
        EventEmitterModule.forRoot(),
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'shop', ...shopLime.moduleOptions() }),
      ],
    });
    const received: unknown[][] = [];
    app.get(EventEmitter2).on('lime.login.expired', (...given) => received.push(given));
    for (const platform of [lime, shopLime]) {
      await platform.whenStreamOpen();
      platform.expire(platform.createLoginRequest().requestId);
      await until(() => received.length === (platform === lime ? 1 : 2));
    }
    const [ofDefault, ofShop] = received;
    expect(ofDefault).toEqual([expect.objectContaining({ type: 'expired' })]);
    expect(ofShop).toEqual([expect.objectContaining({ type: 'expired' }), { site: 'shop' }]);
  });

  it('are not affected by a listener that throws', async () => {
    const names: string[] = [];
    const eventEmitter = {
      emit(name: string) {
        names.push(name);
        throw new Error('a listener is broken');
      },
    };
    const started = await start.site({ options: { eventEmitter } });
    const received: LimeLoginEvent[] = [];
    started.site.loginEvents$.subscribe((event) => received.push(event));
    await endAll(started);
    expect(received).toHaveLength(2);
    expect(names.filter((name) => name.startsWith('lime.login.'))).toHaveLength(3);
    expect(started.site.connection.state).toBe('open');
    expect(started.logs.of('error')).toContain('A listener of lime.login.approved failed');
  });

  it('are not affected by a listener that rejects', async () => {
    const eventEmitter = { emit: () => Promise.reject(new Error('later')) };
    const started = await start.site({ options: { eventEmitter } });
    await endAll(started);
    expect(started.logs.of('error')).toContain('A listener of lime.login.approved failed');
  });
});
