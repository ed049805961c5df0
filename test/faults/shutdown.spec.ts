import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  LimeError,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { CapturedLogs } from '../support/captured-logs.js';
import { useEnvironment } from '../support/environment.js';
import { failureOf } from '../support/failure-of.js';
import { FullBacklog } from '../support/full-backlog.js';
import { closedAddress, LoopbackServer } from '../support/loopback-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();
const setEnvironment = useEnvironment();

async function startSite(options: LimeSitesModuleOptions = {}) {
  const started = await start.site({ options });
  await started.lime.whenStreamOpen();
  return started;
}

const frames = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) => `data: {"type":"expired","login_request_id":"lr_${index}"}\n\n`,
  ).join('');

/** The sockets of this process, also those that are still connecting. */
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

/** The duration in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

describe('The shutdown', () => {
  it('ends at once while the stream connects', async () => {
    const server = await LoopbackServer.start();
    closeLater(() => server.stop());
    const { app, site } = await start.site({ options: { baseUrl: server.url } });
    await until(() => server.requests.some(({ url }) => url?.endsWith('/events')));

    expect(await timed(() => app.close())).toBeLessThan(500);
    expect(site.connection.state).toBe('closed');
  });

  it.each(['LIME', 'the proxy'])(
    'ends within shutdownTimeoutMs while a firewall drops the packets to %s',
    async (target) => {
      const backlog = await FullBacklog.start();
      closeLater(() => backlog.stop());
      setEnvironment({ https_proxy: backlog.url, no_proxy: undefined, NO_PROXY: undefined });
      const baseUrl = target === 'LIME' ? backlog.url : 'https://lime.example';
      const before = sockets();
      const { app, site } = await start.site({
        options: { baseUrl, streamWaitMs: 0, shutdownTimeoutMs: 500 },
      });
      const request = failureOf(LimeError, site.createLoginRequest());
      await until(() => sockets() > before);

      expect(await timed(() => app.close())).toBeLessThan(500);

      expect(site.connection.state).toBe('closed');
      await expect(request).resolves.toMatchObject({ code: 'NETWORK_ERROR' });
      // A socket that still connects would keep the process alive.
      await until(() => sockets() === before, 2_000);
    },
  );

  it('ends at once while the stream waits to reconnect', async () => {
    const baseUrl = await closedAddress();
    const options = { baseUrl, sseBackoffBaseMs: 60_000, sseBackoffMaxMs: 60_000 };
    const { app, site } = await start.site({ options });
    await until(() => site.connection.state === 'reconnecting');

    expect(await timed(() => app.close())).toBeLessThan(500);
    expect(site.connection.state).toBe('closed');
  });

  it('closes an open stream at once, and completes connection$', async () => {
    const { lime, app, site } = await startSite();
    await until(() => site.connection.state === 'open');
    const states: string[] = [];
    const completed = new Promise<void>((resolve) => {
      site.connection$.subscribe({ next: ({ state }) => states.push(state), complete: resolve });
    });

    expect(await timed(() => app.close())).toBeLessThan(500);
    await completed;

    expect(states).toEqual(['open', 'closed']);
    await until(() => lime.openStreams === 0);
  });

  it('waits for the handlers in flight, and for the logins that wait for a handler', async () => {
    const { lime, app, site } = await startSite({ concurrency: 2 });
    const done: string[] = [];
    site.onLogin(async ({ requestId }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push(requestId);
    });
    lime.send(frames(10));
    await until(() => site.stats.delivered === 10);

    await app.close();

    expect(done).toHaveLength(10);
  });

  it('waits for a verification in progress', async () => {
    const { lime, app, site } = await startSite();
    const done: string[] = [];
    site.onLogin(({ type }) => done.push(type));
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => site.stats.received === 1);

    await app.close();

    expect(done).toEqual(['approved']);
  });

  it('aborts the handlers after shutdownTimeoutMs, and names them', async () => {
    const { lime, app, site, logs } = await startSite({ concurrency: 1, shutdownTimeoutMs: 20 });
    const signals: AbortSignal[] = [];
    site.onLogin(async function lingers(_, { signal }) {
      signals.push(signal);
      await new Promise(() => undefined);
    });
    lime.send(frames(3));
    await until(() => site.stats.delivered === 3);

    expect(await timed(() => app.close())).toBeLessThan(1_000);

    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(signals[0]?.reason).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(logs.of('warn').at(-1)).toContain('lingers for lr_0');
    expect(logs.of('error')).toContainEqual(expect.stringContaining('lr_1, lr_2'));
  });

  it('ends while back-pressure holds the stream', async () => {
    const { lime, app, site } = await startSite({ concurrency: 1, shutdownTimeoutMs: 20 });
    site.onLogin(() => new Promise(() => undefined));
    lime.send(frames(5_000));
    await until(() => site.stats.received > 1_024);

    expect(await timed(() => app.close())).toBeLessThan(1_000);
  });

  it('makes createLoginRequest() fail at once with SHUTTING_DOWN', async () => {
    const { app, site, lime } = await startSite();
    await app.close();

    await expect(site.createLoginRequest()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(lime.callCount('create')).toBe(0);
  });

  it('starts no further handler of a login after the deadline, and names those that did not start', async () => {
    const { lime, app, site, logs } = await startSite({ shutdownTimeoutMs: 20 });
    const started: string[] = [];
    site.onLogin(async function first() {
      started.push('first');
      await new Promise(() => undefined);
    });
    site.onLogin(function second() {
      started.push('second');
    });
    site.onLogin(function third() {
      started.push('third');
    });
    lime.send(frames(1));
    await until(() => site.stats.delivered === 1);

    await app.close();
    await new Promise(setImmediate);

    expect(started).toEqual(['first']);
    expect(logs.of('error')).toContainEqual(
      expect.stringContaining(
        'did not start within 20 ms (shutdownTimeoutMs): second for lr_0, third for lr_0',
      ),
    );
  });

  it('can be requested twice', async () => {
    const { app, site } = await startSite();

    await Promise.all([site.onModuleDestroy(), site.onModuleDestroy()]);
    await app.close();

    expect(site.connection.state).toBe('closed');
  });

  it('cancels every timer', async () => {
    const clock = new ManualClock();
    const { lime, app, site } = await start.site({ clock });
    await lime.whenStreamOpen();
    const { requestId } = await site.createLoginRequest();
    lime.faults.dropStreams();
    await until(() => site.connection.state === 'reconnecting');
    await lime.approve(requestId);
    clock.advance(500);
    await until(() => clock.waits.some((ms) => ms > 2_999 && ms <= 3_000));

    await app.close();

    expect(clock.waits).toEqual([]);
  });
});

describe('Two applications in one process', () => {
  it('share nothing: each gets the events of its own platform, and one goes on after the other has closed', async () => {
    const one = await startSite();
    const two = await startSite();
    const received: string[] = [];
    one.site.onLogin(({ requestId }) => received.push(`one ${requestId}`));
    two.site.onLogin(({ requestId }) => received.push(`two ${requestId}`));

    await one.app.close();
    const { requestId } = await two.site.createLoginRequest();
    two.lime.expire(requestId);
    await until(() => received.length > 0);

    expect(received).toEqual([`two ${requestId}`]);
    expect(one.site.stats.received).toBe(0);
  });
});

describe('A hundred starts and stops', () => {
  it('leave no timer, no socket and no listener in the process', async () => {
    const lime = await start.lime();
    const once = async () => {
      const module = await Test.createTestingModule({
        imports: [LimeSitesModule.forRoot({ ...lime.moduleOptions(), eventEmitter: false })],
      })
        .setLogger(new CapturedLogs())
        .compile();
      await module.init();
      const { requestId } = await module.get(LimeSiteService).createLoginRequest();
      lime.expire(requestId); // ends the sandbox's timer
      await module.close();
    };
    const resources = () =>
      process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'TTYWrap')
        .toSorted();
    const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);

    await once();
    await until(() => lime.openStreams === 0);
    const before = { resources: resources(), listeners: listeners() };
    for (let round = 0; round < 100; round++) await once();
    await until(() => lime.openStreams === 0);

    expect(listeners()).toEqual(before.listeners);
    await until(() => resources().length <= before.resources.length);
  });
});
