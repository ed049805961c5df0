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

/** A site behind a proxy that can break the line, on the real clock. */
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

/** A site with an open stream, whose time passes only when the test says so. */
async function startInSlowMotion(options: LimeSitesModuleOptions = {}) {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0 });
  const started = await start.site({
    lime,
    clock,
    options: { sseBackoffBaseMs: 500, sseBackoffMaxMs: 8 * SECOND, ...options },
  });
  const isOpen = () => started.site.connection.state === 'open' && lime.openStreams === 1;
  await until(isOpen);

  /** A keepalive after so long. */
  const keepalive = async (afterMs: number, frame: object | string = { type: 'keepalive' }) => {
    clock.advance(afterMs);
    lime.send(frame);
    lime.send({ type: 'challenge' }); // no keepalive, but a frame, so that its arrival can be seen
    await until(() => started.site.connection.lastFrameAt?.getTime() === clock.now());
  };
  /** Silence of so long. Resolves with whether the stream was taken for dead. */
  const silence = async (ms: number) => {
    const before = lime.callCount('events');
    clock.advance(ms);
    for (let turn = 0; turn < 20 && started.site.connection.state === 'open'; turn++) {
      await new Promise(setImmediate);
    }
    return started.site.connection.state !== 'open' || lime.callCount('events') > before;
  };
  return { ...started, clock, isOpen, keepalive, silence };
}

describe('a line that breaks', () => {
  it.each(['cut', 'reset'] as const)(
    '(%s) is replaced by one new one, and logins go on',
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
      expect(logs.of('log').filter((line) => line.includes('open again'))).toHaveLength(1);
    },
  );

  it.each([
    ['ended', 'dropStreams', 'STREAM_ENDED', /closed by the other side/],
    ['reset', 'resetStreams', 'NETWORK_ERROR', /the event stream failed/],
  ] as const)('says that it was %s', async (_, fault, code, message) => {
    const { lime, site } = await startInSlowMotion();

    lime.faults[fault]();
    await until(() => site.connection.state === 'reconnecting');

    expect(site.connection.lastError).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('(half-open) is found dead after sseReadTimeoutMs', async () => {
    const { site, proxy, lime } = await startBehindProxy({ sseReadTimeoutMs: 100 });

    proxy.freeze();
    const silent = await until(() => site.connection.state === 'reconnecting' && site.connection);
    await until(() => site.connection.state === 'open');

    expect(silent.lastError).toMatchObject({
      code: 'STREAM_SILENT',
      message: expect.stringMatching(/nothing came on the event stream for \d+ ms/),
    });
    expect(lime.callCount('events')).toBeGreaterThanOrEqual(2);
  });

  it('leaves no second stream open, whichever way it broke, however often', async () => {
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
    ['nothing comes any more', (lime) => lime.faults.freezeStreams()],
    ['a frame is too long', (lime) => lime.send(`data: ${'x'.repeat(2_048)}`)],
  ])('is closed by the site itself before the next one is opened when %s', async (_, leave) => {
    const lime = await start.lime({ keepaliveMs: 20 });
    const options = { sseReadTimeoutMs: 500, maxFrameBytes: 1_024 };
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

  it('by a network that is away for minutes is replaced when it is back', async () => {
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
    const goneAt = clock.now();
    const isWaiting = () => clock.waits.some((ms) => ms <= 8 * SECOND);
    while (clock.now() - goneAt < 5 * MINUTE) {
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

describe('a server that accepts and closes at once', () => {
  it('is met ever more slowly: 200 times, no tight loop, no double reconnect', async () => {
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
      expect(attempts).toBe(round); // none without time passing
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

describe('silence', () => {
  it('is no reason for alarm before sseReadTimeoutMs when keepalives never came', async () => {
    const { silence, site } = await startInSlowMotion();

    expect(await silence(309 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
    expect(site.connection.lastError).toMatchObject({ code: 'STREAM_SILENT' });
  });

  it('of three times the rhythm of the keepalives means that the line is dead', async () => {
    const { keepalive, silence, isOpen, clock } = await startInSlowMotion();
    for (let beat = 0; beat < 4; beat++) await keepalive(20 * SECOND);

    expect(await silence(59 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);

    clock.advance(SECOND);
    await until(isOpen);
  });

  it('is measured by comments too', async () => {
    const { keepalive, silence } = await startInSlowMotion();
    for (let beat = 0; beat < 3; beat++) await keepalive(20 * SECOND, ': ping\n\n');

    expect(await silence(59 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('is measured by the longest of an irregular rhythm, so that there is no false alarm', async () => {
    const { keepalive, silence } = await startInSlowMotion();
    for (const pause of [5, 30, 2, 28, 1, 9]) await keepalive(pause * SECOND);

    expect(await silence(89 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('forgets a long interval after ten shorter ones', async () => {
    const { keepalive, silence } = await startInSlowMotion();
    for (const pause of [1, 60, ...Array.from({ length: 11 }, () => 10)])
      await keepalive(pause * SECOND);

    expect(await silence(29 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('of less than 15 s is never suspicious, however quick the rhythm', async () => {
    const { keepalive, silence } = await startInSlowMotion();
    for (let beat = 0; beat < 5; beat++) await keepalive(SECOND);

    expect(await silence(14 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('of sseReadTimeoutMs is too much, however slow the rhythm', async () => {
    const { keepalive, silence } = await startInSlowMotion();
    for (let beat = 0; beat < 3; beat++) await keepalive(300 * SECOND);

    expect(await silence(309 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('is judged on a new line by the rhythm of the one before, without the pause between them', async () => {
    const { keepalive, silence, isOpen, clock, lime } = await startInSlowMotion();
    for (let beat = 0; beat < 4; beat++) await keepalive(20 * SECOND);
    clock.advance(15 * SECOND);
    lime.faults.dropStreams();
    await until(() => clock.waits.some((ms) => ms <= 500));
    clock.advance(500);
    await until(isOpen);
    await keepalive(SECOND);

    expect(await silence(59 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('after keepalives that come in pairs is measured by the time between the pairs', async () => {
    const { keepalive, silence } = await startInSlowMotion();
    for (let beat = 0; beat < 4; beat++)
      await keepalive(20 * SECOND, ': ping\n\ndata: {"type":"keepalive"}\n\n');

    expect(await silence(59 * SECOND)).toBe(false);
    expect(await silence(2 * SECOND)).toBe(true);
  });

  it('that was taken for death wrongly makes the next line be judged more patiently', async () => {
    const { keepalive, silence, clock, isOpen } = await startInSlowMotion();
    for (const pause of [1, 1, 1]) await keepalive(pause * SECOND);
    expect(await silence(16 * SECOND)).toBe(true);
    await until(() => clock.waits.some((ms) => ms <= 500));
    clock.advance(500);
    await until(isOpen);

    expect(await silence(44 * SECOND)).toBe(false);
    expect(await silence(4 * SECOND)).toBe(true);
  });

  it('of hours, because a laptop slept, makes one reconnect', async () => {
    const { keepalive, silence, isOpen, clock, lime } = await startInSlowMotion();
    for (let beat = 0; beat < 3; beat++) await keepalive(20 * SECOND);

    expect(await silence(5 * 60 * MINUTE)).toBe(true);
    await until(() => clock.waits.some((ms) => ms <= 500));
    clock.advance(500);
    await until(isOpen);

    expect(lime.callCount('events')).toBe(2);
  });
});

describe('a stream that was healthy for a minute', () => {
  /** Drives the back-off up to its maximum, then has one stream live for so long and breaks it. */
  async function delayAfter(
    livedMs: number,
    breakIt: (site: Awaited<ReturnType<typeof startInSlowMotion>>) => unknown,
  ) {
    const started = await startInSlowMotion();
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

  it('starts its back-off anew when it was closed', async () => {
    expect(
      await delayAfter(MINUTE + SECOND, ({ lime }) => lime.faults.dropStreams()),
    ).toBeLessThanOrEqual(500);
  });

  it('starts its back-off anew when it was reset', async () => {
    expect(
      await delayAfter(MINUTE + SECOND, ({ lime }) => lime.faults.resetStreams()),
    ).toBeLessThanOrEqual(500);
  });

  it('starts its back-off anew when it fell silent', async () => {
    expect(
      await delayAfter(MINUTE + SECOND, ({ silence }) => silence(310 * SECOND)),
    ).toBeLessThanOrEqual(500);
  });

  it('starts its back-off anew when a frame was too long', async () => {
    const tooLong = `data: ${'x'.repeat(1024 * 1024)}`;
    expect(await delayAfter(MINUTE + SECOND, ({ lime }) => lime.send(tooLong))).toBeLessThanOrEqual(
      500,
    );
  });

  it('starts its back-off anew once, and not for each attempt that fails after it', async () => {
    const { lime, clock, site } = await startInSlowMotion();
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

  it('differs from one that lived shorter, which goes on with its back-off', async () => {
    const delay = await delayAfter(MINUTE - SECOND, ({ lime }) => lime.faults.dropStreams());
    expect(delay).toBeGreaterThanOrEqual(4 * SECOND);
  });
});
