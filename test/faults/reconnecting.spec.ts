import { describe, expect, it } from '@jest/globals';
import type { LimeSitesModuleOptions } from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { ToxicProxy } from '../support/toxic-proxy.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Starts a site behind a proxy that can break the connection, on the real clock. */
async function startBehindProxy(options: LimeSitesModuleOptions = {}) {
  const lime = await start.lime();
  const proxy = await ToxicProxy.start(lime.port);
  closeLater(() => proxy.stop());
  const started = await start.site({
    lime,
    options: { baseUrl: proxy.baseUrl, ...options },
    providers: [RecordingHandler],
  });
  await until(() => started.site.connection.state === 'open');
  return { ...started, proxy, handler: started.app.get(RecordingHandler) };
}

/** Starts a site with an open stream on a manual clock. */
async function startOnManualClock(options: LimeSitesModuleOptions = {}) {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0 });
  const started = await start.site({
    lime,
    clock,
    options: { sseBackoffBaseMs: 500, sseBackoffMaxMs: 8 * SECOND, ...options },
  });
  const isOpen = () => started.site.connection.state === 'open' && lime.openStreams === 1;
  await until(isOpen);

  /** Sends a keepalive after `afterMs`. */
  const keepalive = async (afterMs: number, frame: object | string = { type: 'keepalive' }) => {
    clock.advance(afterMs);
    lime.send(frame);
    lime.send({ type: 'challenge' }); // not a keepalive, so that the test can wait for its arrival
    await until(() => started.site.connection.lastFrameAt?.getTime() === clock.now());
  };
  /** Lets the stream idle for `ms`. Resolves with whether the idle timeout dropped the stream. */
  const idle = async (ms: number) => {
    const before = lime.callCount('events');
    clock.advance(ms);
    for (let turn = 0; turn < 20 && started.site.connection.state === 'open'; turn++) {
      await new Promise(setImmediate);
    }
    return started.site.connection.state !== 'open' || lime.callCount('events') > before;
  };
  return { ...started, clock, isOpen, keepalive, idle };
}

describe('A connection that breaks', () => {
  it.each(['cut', 'reset'] as const)(
    'is replaced by one new connection, and logins go on: %s',
    async (how) => {
      const { lime, site, proxy, handler, logs } = await startBehindProxy();

      proxy[how]();
      await until(() => site.stats.reconnects === 1);
      await lime.whenStreamOpen();
      const { requestId } = await site.createLoginRequest();
      lime.expire(requestId);
      await until(() => handler.requestIds.includes(requestId));

      expect(lime.callCount('events')).toBe(2);
      expect(lime.openStreams).toBe(1);
      expect(logs.of('warn').filter((line) => line.includes('Event stream lost'))).toHaveLength(1);
      expect(logs.of('log').filter((line) => line.includes('open after'))).toHaveLength(1);
    },
  );

  it.each([
    ['ended', 'dropStreams', 'STREAM_ENDED', /the platform closed the event stream/],
    ['reset', 'resetStreams', 'NETWORK_ERROR', /the event stream failed/],
  ] as const)('is reported as %s', async (_, fault, code, message) => {
    const { lime, site } = await startOnManualClock();

    lime.faults[fault]();
    await until(() => site.connection.state === 'reconnecting');

    expect(site.connection.lastError).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('reaches the idle timeout after sseReadTimeoutMs when it is half-open', async () => {
    const { site, proxy, lime } = await startBehindProxy({ sseReadTimeoutMs: 100 });

    proxy.freeze();
    const lost = await until(() => site.connection.state === 'reconnecting' && site.connection);
    await until(() => site.connection.state === 'open');

    expect(lost.lastError).toMatchObject({
      code: 'STREAM_IDLE_TIMEOUT',
      message: expect.stringMatching(/nothing arrived on the event stream for \d+ ms/),
    });
    expect(lime.callCount('events')).toBeGreaterThanOrEqual(2);
  });

  it('leaves no second stream open after 30 breaks of both kinds', async () => {
    const { lime, site, proxy } = await startBehindProxy();
    let mostOpen = 0;
    lime.onActivity(() => {
      mostOpen = Math.max(mostOpen, lime.openStreams);
    });

    for (let round = 1; round <= 30; round++) {
      if (round % 2) proxy.cut();
      else proxy.reset();
      await until(() => site.stats.reconnects === round && lime.openStreams > 0);
    }

    expect(mostOpen).toBe(1);
    expect(lime.callCount('events')).toBe(31);
  });

  it.each<[why: string, leave: (lime: LimeSandbox) => unknown]>([
    ['nothing arrives any more', (lime) => lime.faults.freezeStreams()],
    ['a frame is too large', (lime) => lime.send(`data: ${'x'.repeat(2_048)}`)],
  ])('is closed by the site before the next one opens when %s', async (_, leave) => {
    const lime = await start.lime({ keepaliveMs: 20 });
    const options = { sseReadTimeoutMs: 500, maxFrameBytes: 1_024, sseBackoffBaseMs: 50 };
    const { site } = await start.site({ lime, options });
    let mostOpen = 0;
    lime.onActivity(() => {
      mostOpen = Math.max(mostOpen, lime.openStreams);
    });

    for (let round = 1; round <= 3; round++) {
      await until(() => site.connection.state === 'open' && lime.openStreams === 1);
      leave(lime);
      await until(() => site.stats.reconnects >= round);
    }

    expect(mostOpen).toBe(1);
  });

  it('is replaced after minutes without a network', async () => {
    const clock = new ManualClock();
    const lime = await start.lime();
    const proxy = await ToxicProxy.start(lime.port);
    closeLater(() => proxy.stop());
    const { site } = await start.site({
      lime,
      clock,
      options: { baseUrl: proxy.baseUrl, sseBackoffMaxMs: 8 * SECOND },
    });
    await until(() => site.connection.state === 'open');

    await proxy.refuse();
    await until(() => site.connection.state === 'reconnecting');
    const lostAt = clock.now();
    const isWaiting = () => clock.waits.some((ms) => ms <= 8 * SECOND);
    while (clock.now() - lostAt < 5 * MINUTE) {
      const { attempt } = site.connection;
      await until(isWaiting);
      clock.advance(8 * SECOND);
      await until(() => site.connection.attempt > attempt);
    }
    expect(site.connection.state).toBe('reconnecting');
    await until(isWaiting);
    await proxy.heal();
    clock.advance(8 * SECOND);

    await until(() => site.connection.state === 'open');
  });
});

describe('A server that accepts and closes at once', () => {
  it('gets 200 reconnects with a growing backoff, one at a time and each after a delay', async () => {
    let open = 0;
    let mostOpen = 0;
    let attempts = 0;
    const server = await LoopbackServer.start((request, response) => {
      if (!request.url?.endsWith('/events')) return response.writeHead(404).end();
      attempts++;
      mostOpen = Math.max(mostOpen, ++open);
      response.on('close', () => open--);
      return response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    });
    closeLater(() => server.stop());
    const clock = new ManualClock();
    const options = { baseUrl: server.url, sseBackoffBaseMs: 500, sseBackoffMaxMs: 8 * SECOND };
    const { site } = await start.site({ clock, options });

    const delays: number[] = [];
    for (let round = 1; round <= 200; round++) {
      await until(() => site.connection.state === 'reconnecting' && clock.waits.length === 1);
      expect(attempts).toBe(round); // no second one before time passes
      const [delay = 0] = clock.waits;
      delays.push(delay);
      clock.advance(Math.ceil(delay));
      await until(() => attempts === round + 1 && open === 0);
      await until(() => site.connection.since.getTime() === clock.now());
    }

    expect(mostOpen).toBe(1);
    expect(Math.min(...delays.slice(5))).toBeGreaterThanOrEqual(4 * SECOND);
    expect(Math.max(...delays)).toBeLessThanOrEqual(8 * SECOND);
    expect(new Set(delays).size).toBeGreaterThan(100); // jitter
  });
});

describe('The idle timeout', () => {
  it('is sseReadTimeoutMs without any keepalive', async () => {
    const { idle, site } = await startOnManualClock();

    expect(await idle(309 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
    expect(site.connection.lastError).toMatchObject({ code: 'STREAM_IDLE_TIMEOUT' });
  });

  it('is three keepalive intervals', async () => {
    const { keepalive, idle, isOpen, clock } = await startOnManualClock();
    for (let count = 0; count < 4; count++) await keepalive(20 * SECOND);

    expect(await idle(59 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);

    clock.advance(SECOND);
    await until(isOpen);
  });

  it('counts comments as keepalives', async () => {
    const { keepalive, idle } = await startOnManualClock();
    for (let count = 0; count < 3; count++) await keepalive(20 * SECOND, ': ping\n\n');

    expect(await idle(59 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('is three times the longest of irregular keepalive intervals, so that none is a false alarm', async () => {
    const { keepalive, idle } = await startOnManualClock();
    for (const pause of [5, 30, 2, 28, 1, 9]) await keepalive(pause * SECOND);

    expect(await idle(89 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('shrinks after ten shorter intervals', async () => {
    const { keepalive, idle } = await startOnManualClock();
    for (const pause of [1, 60, ...Array.from({ length: 11 }, () => 10)])
      await keepalive(pause * SECOND);

    expect(await idle(29 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('is at least 15 s, also with more frequent keepalives', async () => {
    const { keepalive, idle } = await startOnManualClock();
    for (let count = 0; count < 5; count++) await keepalive(SECOND);

    expect(await idle(14 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('is at most sseReadTimeoutMs, also with rarer keepalives', async () => {
    const { keepalive, idle } = await startOnManualClock();
    for (let count = 0; count < 3; count++) await keepalive(300 * SECOND);

    expect(await idle(309 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('is that of the connection before, without the gap between them', async () => {
    const { keepalive, idle, isOpen, clock, lime } = await startOnManualClock();
    for (let count = 0; count < 4; count++) await keepalive(20 * SECOND);
    clock.advance(15 * SECOND);
    lime.faults.dropStreams();
    await until(() => clock.waits.some((ms) => ms <= 500));
    clock.advance(500);
    await until(isOpen);
    await keepalive(SECOND);

    expect(await idle(59 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('is three times the interval between pairs when keepalives come in pairs', async () => {
    const { keepalive, idle } = await startOnManualClock();
    for (let count = 0; count < 4; count++)
      await keepalive(20 * SECOND, ': ping\n\ndata: {"type":"keepalive"}\n\n');

    expect(await idle(59 * SECOND)).toBe(false);
    expect(await idle(2 * SECOND)).toBe(true);
  });

  it('is longer on the next connection after a false alarm', async () => {
    const { keepalive, idle, clock, isOpen } = await startOnManualClock();
    for (const pause of [1, 1, 1]) await keepalive(pause * SECOND);
    expect(await idle(16 * SECOND)).toBe(true);
    await until(() => clock.waits.some((ms) => ms <= 500));
    clock.advance(500);
    await until(isOpen);

    expect(await idle(44 * SECOND)).toBe(false);
    expect(await idle(4 * SECOND)).toBe(true);
  });

  it('causes one reconnect after a laptop has slept for hours', async () => {
    const { keepalive, idle, isOpen, clock, lime } = await startOnManualClock();
    for (let count = 0; count < 3; count++) await keepalive(20 * SECOND);

    expect(await idle(5 * 60 * MINUTE)).toBe(true);
    await until(() => clock.waits.some((ms) => ms <= 500));
    clock.advance(500);
    await until(isOpen);

    expect(lime.callCount('events')).toBe(2);
  });
});

describe('A stream that was healthy for a minute', () => {
  /** Raises the backoff to its maximum, then breaks a stream that was open for `livedMs`. */
  async function delayAfter(
    livedMs: number,
    breakIt: (site: Awaited<ReturnType<typeof startOnManualClock>>) => unknown,
  ) {
    const started = await startOnManualClock();
    const { lime, clock, site, isOpen } = started;
    const nextDelay = () =>
      until(
        () =>
          site.connection.state === 'reconnecting' && clock.waits.find((ms) => ms <= 8 * SECOND),
      );
    for (let drop = 0; drop < 6; drop++) {
      lime.faults.dropStreams();
      clock.advance(await nextDelay());
      await until(isOpen);
    }
    for (let lived = 0; lived < livedMs; lived += SECOND) clock.advance(SECOND);
    await breakIt(started);
    return nextDelay();
  }

  it('starts the backoff over when it was closed', async () => {
    expect(
      await delayAfter(MINUTE + SECOND, ({ lime }) => lime.faults.dropStreams()),
    ).toBeLessThanOrEqual(500);
  });

  it('starts the backoff over when it was reset', async () => {
    expect(
      await delayAfter(MINUTE + SECOND, ({ lime }) => lime.faults.resetStreams()),
    ).toBeLessThanOrEqual(500);
  });

  it('starts the backoff over when it reached the idle timeout', async () => {
    expect(await delayAfter(MINUTE + SECOND, ({ idle }) => idle(310 * SECOND))).toBeLessThanOrEqual(
      500,
    );
  });

  it('starts the backoff over when a frame was too large', async () => {
    const tooLarge = `data: ${'x'.repeat(1024 * 1024)}`;
    expect(
      await delayAfter(MINUTE + SECOND, ({ lime }) => lime.send(tooLarge)),
    ).toBeLessThanOrEqual(500);
  });

  it('starts the backoff over once, not for each failed attempt after it', async () => {
    const { lime, clock, site } = await startOnManualClock();
    for (let lived = 0; lived < MINUTE + SECOND; lived += SECOND) clock.advance(SECOND);
    lime.faults.respond('events', { status: 503, times: 5 });
    lime.faults.dropStreams();

    const ceilings: number[] = [500, 1_000, 2_000, 4_000, 8_000, 8_000];
    for (const [attempt, ceiling] of ceilings.entries()) {
      await until(() => site.connection.attempt === attempt);
      const delay = await until(() => clock.waits.find((ms) => ms <= 8 * SECOND));
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThanOrEqual(ceiling);
      clock.advance(delay);
    }
    await until(() => site.connection.state === 'open');
  });

  it('starts the backoff over, unlike a stream that was open for less', async () => {
    const delay = await delayAfter(MINUTE - SECOND, ({ lime }) => lime.faults.dropStreams());
    expect(delay).toBeGreaterThanOrEqual(4 * SECOND);
  });
});
