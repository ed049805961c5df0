import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { describe, expect, it } from '@jest/globals';
import type { LimeConnection, LimeLoginEvent, LimeLoginRejection } from 'nestjs-lime-sites';
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

  async function settleAll({ lime, site }: StartedSite): Promise<void> {
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
    await settleAll(started);
    const { approved, expired, rejected, connections } = started.app.get(Listener);
    const [first, second, third] = started.lime.requests();
    expect(approved).toMatchObject([{ type: 'approved', requestId: first?.requestId }]);
    expect(expired).toMatchObject([{ type: 'expired', requestId: second?.requestId }]);
    expect(rejected).toMatchObject([
      { requestId: third?.requestId, error: { code: 'PASSPORT_AUDIENCE' } },
    ]);
    expect(connections.map(({ state }) => state)).toContain('open');
    expect(started.logs.of('warn')).toEqual([expect.stringContaining('not to be trusted')]);
  });

  it('find an emitter that is reached through an alias once', async () => {
    const started = await start.site({
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener, { provide: 'EVENTS', useExisting: EventEmitter2 }],
    });
    await settleAll(started);
    expect(started.app.get(Listener).approved).toHaveLength(1);
  });

  it('are not missed in an application without an emitter', async () => {
    const started = await start.site();
    await settleAll(started);
    expect(started.logs.of('error')).toEqual([]);
  });

  it('go nowhere when there are two emitters, which a warning says', async () => {
    const emitters = [new EventEmitter2(), new EventEmitter2()];
    const heard: unknown[] = [];
    for (const emitter of emitters) emitter.onAny((name) => heard.push(name));
    const started = await start.site({
      imports: emitters.map((useValue) =>
        featureModule({ providers: [{ provide: EventEmitter2, useValue }] }),
      ),
    });
    await settleAll(started);
    expect(heard).toEqual([]);
    expect(started.logs.of('warn')).toContainEqual(expect.stringMatching(MANY_EMITTERS));
    expect(started.logs.of('warn')).toContainEqual(expect.stringContaining('eventEmitter'));
  });

  it('go to the emitter that is named, also when there are two', async () => {
    const [one, other] = [new EventEmitter2(), new EventEmitter2()];
    const heard: unknown[] = [];
    other.on('lime.login.approved', (event) => heard.push(event));
    one.on('lime.login.approved', () => heard.push('wrong emitter'));
    const started = await start.site({
      options: { eventEmitter: other },
      imports: [one, other].map((useValue) =>
        featureModule({ providers: [{ provide: EventEmitter2, useValue }] }),
      ),
    });
    await settleAll(started);
    expect(heard).toMatchObject([{ type: 'approved' }]);
    expect(started.logs.of('warn')).not.toContainEqual(expect.stringMatching(MANY_EMITTERS));
  });

  it('may go to any object that can emit', async () => {
    const eventEmitter = new EventEmitter();
    const heard: unknown[] = [];
    eventEmitter.on('lime.login.expired', (event) => heard.push(event));
    await settleAll(await start.site({ options: { eventEmitter } }));
    expect(heard).toMatchObject([{ type: 'expired', origin: 'platform' }]);
  });

  it('can be turned off', async () => {
    const started = await start.site({
      options: { eventEmitter: false },
      imports: [EventEmitterModule.forRoot()],
      providers: [Listener],
    });
    await settleAll(started);
    expect(started.app.get(Listener).approved).toEqual([]);
    expect(started.logs.of('warn')).toContainEqual(expect.stringContaining('Nobody listens'));
  });

  it('harm nothing when a listener throws', async () => {
    const names: string[] = [];
    const eventEmitter = {
      emit(name: string) {
        names.push(name);
        throw new Error('a listener is broken');
      },
    };
    const started = await start.site({ options: { eventEmitter } });
    const heard: LimeLoginEvent[] = [];
    started.site.loginEvents$.subscribe((event) => heard.push(event));
    await settleAll(started);
    expect(heard).toHaveLength(2);
    expect(names.filter((name) => name.startsWith('lime.login.'))).toHaveLength(3);
    expect(started.site.connection.state).toBe('open');
    expect(started.logs.of('error')).toContain('A listener of lime.login.approved failed');
  });

  it('harm nothing when a listener rejects', async () => {
    const eventEmitter = { emit: () => Promise.reject(new Error('later')) };
    const started = await start.site({ options: { eventEmitter } });
    await settleAll(started);
    expect(started.logs.of('error')).toContain('A listener of lime.login.approved failed');
  });
});
