import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { SiteAuthUnavailableError } from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { Agent, type Dispatcher } from 'undici';
import { useCleanup } from '../support/cleanup.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { ToxicProxy } from '../support/toxic-proxy.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();

/** Longer than every delay, so that the timer of a call in progress does not look like one. */
const TIMEOUT_MS = 1_000_000;
const EVENT_STREAM = { 'content-type': 'text/event-stream' };

/** Starts a site on a manual clock, and a sandbox with faults from the start. */
async function startSite(misbehave: (lime: LimeSandbox) => void) {
  const lime = await start.lime();
  misbehave(lime);
  const clock = new ManualClock();
  const options = {
    timeoutMs: TIMEOUT_MS,
    sseReadTimeoutMs: TIMEOUT_MS,
    sseBackoffBaseMs: 500,
    sseBackoffMaxMs: 8_000,
    streamWaitMs: TIMEOUT_MS,
  };
  return { ...(await start.site({ lime, clock, options })), clock };
}

/** The delay before the next attempt: the only timer left when no call is in progress. */
function nextAttemptMs(clock: ManualClock): Promise<number> {
  return until(() => {
    const [delay = TIMEOUT_MS] = clock.waits;
    return clock.waits.length === 1 && delay < TIMEOUT_MS - 1 && delay;
  });
}

describe('A platform that cannot be reached', () => {
  it('gets retries until the stream opens', async () => {
    const lime = await start.lime();
    const proxy = await ToxicProxy.start(lime.port);
    closeLater(() => proxy.stop());
    await proxy.refuse();
    const { site, logs } = await start.site({ lime, options: { baseUrl: proxy.baseUrl } });

    await until(() => site.connection.attempt > 2);
    expect(site.connection).toMatchObject({
      state: 'reconnecting',
      lastError: { code: 'NETWORK_ERROR', message: expect.stringContaining('ECONNREFUSED') },
    });
    await proxy.heal();
    await until(() => site.connection.state === 'open');

    expect(site.connection.attempt).toBe(0);
    expect(logs.of('warn').filter((line) => line.startsWith('Event stream'))).toEqual([
      expect.stringMatching(/^Event stream lost \(.*ECONNREFUSED.*\), reconnecting in \d\.\d s$/),
    ]);
    expect(logs.of('log')).toEqual([
      expect.stringMatching(/^Event stream open after \d+\.\d s \(attempt \d+\)$/),
    ]);
  });

  it('that accepts and does not answer times out after timeoutMs, and after twice as long each further time', async () => {
    const server = await LoopbackServer.start();
    closeLater(() => server.stop());
    const lime = await start.lime();
    const clock = new ManualClock();
    const options = {
      baseUrl: server.url,
      timeoutMs: 1_000,
      sseReadTimeoutMs: 3_500,
      sseBackoffMaxMs: 500,
    };
    const { site } = await start.site({ lime, clock, options });

    const timeouts: number[] = [];
    for (let round = 1; round <= 4; round++) {
      await until(
        () => server.requests.filter(({ url }) => url?.endsWith('/events')).length === round,
      );
      const limit = Math.max(...clock.waits);
      timeouts.push(limit);
      clock.advance(limit);
      await until(() => clock.waits.length > 0 && Math.max(...clock.waits) <= 500);
      clock.advance(500);
    }

    expect(timeouts).toEqual([1_000, 2_000, 3_500, 3_500]);
    expect(site.connection.lastError).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('not answered within 3500 ms'),
    });
  });

  it.each([
    ['opens', undefined],
    ['refuses', ({ faults }: LimeSandbox) => faults.respond('events', { status: 503 })],
    ['breaks off', ({ faults }: LimeSandbox) => faults.reset('events')],
  ])('gets timeoutMs again, not twice as long, once it %s', async (_, answer) => {
    const lime = await start.lime();
    lime.faults.hang('events');
    const clock = new ManualClock();
    const options = { timeoutMs: 1_000, sseReadTimeoutMs: 100_000, sseBackoffMaxMs: 500 };
    const { site } = await start.site({ lime, clock, options });
    const isWaiting = () => clock.waits.length === 1 && (clock.waits[0] ?? 0) <= 500;
    const attempted = (count: number) => until(() => lime.callCount('events') === count);
    await attempted(1);
    await until(() => clock.waits.length === 1 && clock.waits[0] === 1_000);
    clock.advance(1_000);
    await until(isWaiting);

    answer?.(lime);
    clock.advance(500);
    await attempted(2);
    if (!answer) await until(() => site.connection.state === 'open');
    lime.faults.hang('events');
    lime.faults.dropStreams();
    await until(isWaiting);
    clock.advance(500);
    await attempted(3);

    await until(() => clock.waits.length === 1 && clock.waits[0] === 1_000);
  });
});

describe('A connection that does not open, as when a firewall drops packets', () => {
  /** Starts a site whose HTTP client never connects: undici does not answer an abort before it has a connection. */
  async function startSiteThatConnects() {
    const httpClient = new Agent({ connect: () => undefined });
    closeLater(() => httpClient.destroy());
    const clock = new ManualClock();
    const options = { httpClient, timeoutMs: 1_000, sseBackoffMaxMs: 500 };
    return { ...(await start.site({ clock, options })), clock };
  }

  it('times out after timeoutMs', async () => {
    const { site, clock } = await startSiteThatConnects();

    clock.advance(999);
    expect(site.connection).toMatchObject({ state: 'connecting', attempt: 1 });
    clock.advance(1);
    await until(() => site.connection.state === 'reconnecting');

    expect(site.connection.lastError).toMatchObject({ code: 'TIMEOUT' });
  });

  it('does not delay the shutdown', async () => {
    const { site, app } = await startSiteThatConnects();
    expect(site.connection.state).toBe('connecting');

    await app.close();

    expect(site.connection.state).toBe('closed');
  });

  it('is closed when it opens after its timeout, so that two streams are never open', async () => {
    class DeafAgent extends Agent {
      override request<T>(options: Dispatcher.RequestOptions<T>) {
        return super.request<T>({ ...options, signal: null });
      }
    }
    const responses: ServerResponse[] = [];
    const server = await LoopbackServer.start((request, response) => {
      if (request.url?.endsWith('/events')) responses.push(response);
      else response.writeHead(404).end();
    });
    closeLater(() => server.stop());
    const httpClient = new DeafAgent();
    closeLater(() => httpClient.destroy());
    const clock = new ManualClock();
    const options = { baseUrl: server.url, httpClient, timeoutMs: 1_000, sseBackoffMaxMs: 500 };
    const { site } = await start.site({ clock, options });
    await until(() => responses.length === 1);
    clock.advance(1_000);
    await until(() => site.connection.state === 'reconnecting');

    const [late] = responses;
    late?.writeHead(200, EVENT_STREAM).flushHeaders();
    await until(() => late?.closed);

    expect(site.connection.state).toBe('reconnecting');
  });
});

describe('A platform that refuses the stream', () => {
  it.each([401, 403, 404])(
    'gets a request every 30 s to 5 min after status %i, with one log line, until the stream opens',
    async (status) => {
      const { lime, site, clock, logs } = await startSite(({ faults }) =>
        faults.respond('events', { status, body: 'no', times: 6 }),
      );

      const delays: number[] = [];
      for (let refusal = 1; refusal <= 6; refusal++) {
        await until(() => lime.callCount('events') === refusal);
        delays.push(await nextAttemptMs(clock));
        expect(site.connection).toMatchObject({ state: 'unauthorized', attempt: refusal });
        clock.advance(300_000);
      }
      await until(() => site.connection.state === 'open');

      for (const [index, floor] of [30_000, 60_000, 120_000, 240_000, 250_000, 250_000].entries()) {
        expect(delays[index]).toBeGreaterThanOrEqual(floor);
        expect(delays[index]).toBeLessThanOrEqual(Math.min(floor * 1.2, 300_000));
      }
      expect(logs.of('error')).toEqual([
        expect.stringMatching(
          new RegExp(
            `^Event stream refused \\(.* HTTP ${status}.*\\), reconnecting in 3\\d\\.\\d s$`,
          ),
        ),
      ]);
      expect(logs.of('warn').filter((line) => line.includes('stream'))).toEqual([]);
    },
  );

  it('causes an AuthenticationError with the code of the platform for a wrong token', async () => {
    const lime = await start.lime();
    const { site } = await start.site({ lime, options: { siteToken: 'st_wrong' } });

    await until(() => site.connection.state === 'unauthorized');

    expect(site.connection.lastError).toMatchObject({
      name: 'AuthenticationError',
      code: 'SITE_TOKEN_INVALID',
    });
  });

  it.each([
    ['204', { status: 204 }, /204/],
    [
      'a page with status 200',
      { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } },
      /text\/html/,
    ],
    ['an event stream with status 202', { status: 202, headers: EVENT_STREAM }, /202/],
    [
      'an unknown encoding',
      { status: 200, headers: { ...EVENT_STREAM, 'content-encoding': 'zstd' } },
      /zstd/,
    ],
    [
      'an answer without a content type',
      { status: 200, body: '', headers: { 'content-type': '' } },
      /no content type/,
    ],
    ['410', { status: 410 }, /410/],
  ])('gets slow retries after %s, until the stream opens', async (_, answer, message) => {
    const { lime, site, clock } = await startSite(({ faults }) => faults.respond('events', answer));

    await until(() => lime.callCount('events') === 1);
    expect(await nextAttemptMs(clock)).toBeGreaterThanOrEqual(30_000);
    expect(site.connection).toMatchObject({
      state: 'reconnecting',
      lastError: { message: expect.stringMatching(message) },
    });
    clock.advance(36_000);

    await until(() => site.connection.state === 'open');
  });

  it.each([301, 302, 307, 308])(
    'does not get the token at another origin after a redirect (%i)',
    async (status) => {
      const elsewhere = await LoopbackServer.start((_, response) => response.end());
      closeLater(() => elsewhere.stop());
      const { lime, site, clock } = await startSite(({ faults }) =>
        faults.respond('events', { status, headers: { location: `${elsewhere.url}/events` } }),
      );

      await until(() => lime.callCount('events') === 1);
      expect(await nextAttemptMs(clock)).toBeGreaterThanOrEqual(30_000);

      expect(site.connection.lastError).toMatchObject({ code: 'UNEXPECTED_REDIRECT' });
      expect(elsewhere.requests).toEqual([]);
    },
  );
});

describe('A busy platform', () => {
  it.each([
    ['429 with Retry-After in seconds', 429, () => '5'],
    ['503 with Retry-After in seconds', 503, () => '5'],
    ['503 with Retry-After as a date', 503, () => new Date(Date.now() + 6_000).toUTCString()],
  ])(
    'gets the next request after the requested delay, and up to a tenth later: %s',
    async (_, status, retryAfter) => {
      const { lime, site, clock } = await startSite(({ faults }) =>
        faults.respond('events', { status, headers: { 'retry-after': retryAfter() } }),
      );

      await until(() => lime.callCount('events') === 1);
      const delay = await nextAttemptMs(clock);

      expect(delay).toBeGreaterThanOrEqual(5_000);
      expect(delay).toBeLessThanOrEqual(6_600);
      clock.advance(delay);
      await until(() => site.connection.state === 'open');
    },
  );

  it('gets a request after four times sseBackoffMaxMs although Retry-After asks for longer', async () => {
    const { lime, clock } = await startSite(({ faults }) =>
      faults.respond('events', { status: 503, headers: { 'retry-after': '86400' } }),
    );

    await until(() => lime.callCount('events') === 1);
    const delay = await nextAttemptMs(clock);

    expect(delay).toBeGreaterThanOrEqual(32_000);
    expect(delay).toBeLessThanOrEqual(32_000 * 1.1);
  });

  it.each([408, 500, 502, 503, 504])(
    'gets retries within seconds after status %i, with a growing backoff',
    async (status) => {
      const { lime, clock } = await startSite(({ faults }) =>
        faults.respond('events', { status, body: 'busy', times: 7 }),
      );

      const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
      for (const [index, ceiling] of ceilings.entries()) {
        await until(() => lime.callCount('events') === index + 1);
        const delay = await nextAttemptMs(clock);
        expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
        expect(delay).toBeLessThanOrEqual(ceiling);
        clock.advance(delay);
      }
    },
  );

  it('gets reconnects within seconds while it cannot check the site token, and logins wait for the stream', async () => {
    const { lime, site, clock, logs } = await startSite(({ faults }) =>
      faults.refuse('events', 'SITE_TOKEN_AUTH_UNAVAILABLE', { times: 7 }),
    );

    const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
    for (const [index, ceiling] of ceilings.entries()) {
      await until(() => lime.callCount('events') === index + 1);
      const delay = await nextAttemptMs(clock);
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThanOrEqual(ceiling);
      expect(site.connection).toMatchObject({ state: 'reconnecting', attempt: index + 1 });
      expect(site.connection.lastError).toBeInstanceOf(SiteAuthUnavailableError);
      if (index < ceilings.length - 1) clock.advance(delay);
    }
    const request = site.createLoginRequest();
    clock.advance(3_999);
    expect(site.connection.state).toBe('reconnecting');
    expect(lime.callCount('create')).toBe(0);
    clock.advance(4_001);
    await expect(request).resolves.toMatchObject({ status: 'PENDING' });
    expect(site.connection.state).toBe('open');
    expect(logs.of('error')).toEqual([]);
  });

  it('gets reconnects with the first backoff when it refuses after drops', async () => {
    const { lime, clock } = await startSite(({ faults }) => {
      faults.respond('events', { status: 500, times: 4 });
      faults.respond('events', { status: 401 });
    });

    for (let attempt = 1; attempt <= 4; attempt++) {
      await until(() => lime.callCount('events') === attempt);
      clock.advance(await nextAttemptMs(clock));
    }
    await until(() => lime.callCount('events') === 5);

    const delay = await nextAttemptMs(clock);
    expect(delay).toBeGreaterThanOrEqual(30_000);
    expect(delay).toBeLessThanOrEqual(36_000);
  });
});
