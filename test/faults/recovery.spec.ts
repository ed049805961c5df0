import { describe, expect, it } from '@jest/globals';
import type { LimeSitesModuleOptions } from 'nestjs-lime-sites';
import { Agent, type Dispatcher } from 'undici';
import type { LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();

const SECOND = 1_000;

/** A site with an open stream, whose time passes only when the test says so. */
async function startSite({
  sandbox,
  ...options
}: LimeSitesModuleOptions & { sandbox?: LimeSandboxOptions } = {}) {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 600 * SECOND, ...sandbox });
  const { app, site, logs } = await start.site({
    lime,
    clock,
    options: { sseBackoffBaseMs: 1_000, sseBackoffMaxMs: 1_000, maxRetries: 0, ...options },
    providers: [RecordingHandler],
  });
  const isOpen = () => site.connection.state === 'open' && lime.openStreams === 1;
  await until(isOpen);
  await until(() => lime.callCount('jwks') > 0);

  /** Breaks the stream, lets things happen, and lets the stream come back. */
  const gap = async (happen: () => unknown = () => undefined) => {
    lime.faults.dropStreams();
    await until(() => site.connection.state === 'reconnecting');
    await happen();
    await until(() => clock.waits.some((ms) => ms <= 1_000));
    clock.advance(1_000);
    await until(isOpen);
  };
  /** Lets time pass in small steps, so that what is asked on the way can be answered. */
  const pass = async (ms: number, stepMs = 100) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(stepMs);
      await new Promise(setImmediate);
    }
  };
  return { lime, clock, site, logs, gap, pass, handler: app.get(RecordingHandler) };
}

const answered = (calls: readonly { target?: string | undefined }[]) =>
  calls.filter(({ target }) => target === 'status').length;

describe('what happened while no stream was open', () => {
  it('is asked for: an expiry settles at once', async () => {
    const { lime, site, gap, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();

    await gap(() => lime.expire(requestId));
    await until(() => handler.events.length > 0);

    expect(handler.events).toMatchObject([{ type: 'expired', requestId, origin: 'platform' }]);
    expect(site.stats).toMatchObject({ missed: 1, delivered: 1 });
  });

  it('is asked for: an approval that can no longer arrive settles as expired, with one warning', async () => {
    const { lime, site, clock, gap, pass, handler, logs } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const { requestId: second } = await site.createLoginRequest();

    await gap(async () => {
      await lime.approve(requestId);
      await lime.approve(second);
    });
    await until(() => clock.waits.filter((ms) => ms > 2_999 && ms <= 3_000).length === 2);
    await pass(3 * SECOND);
    await until(() => handler.events.length === 2);

    expect(new Set(handler.requestIds)).toEqual(new Set([requestId, second]));
    expect(handler.events).toMatchObject([{ origin: 'local' }, { origin: 'local' }]);
    expect(site.stats.missed).toBe(2);
    expect(logs.of('warn').filter((line) => line.includes('was lost while'))).toHaveLength(1);
  });

  it('is believed if it arrives late all the same, within the grace', async () => {
    const { lime, site, gap, pass, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    let passport = '';

    await gap(async () => {
      ({ passport } = await lime.approve(requestId));
    });
    await until(() => lime.callCount('status') === 1);
    await pass(2 * SECOND);
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => handler.events.length > 0);
    await pass(5 * SECOND);

    expect(handler.events).toMatchObject([{ type: 'approved', requestId }]);
    expect(site.stats.missed).toBe(0);
  });

  it('is believed if it arrives late all the same, after the local expiry', async () => {
    const { lime, site, clock, gap, pass, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    let passport = '';

    await gap(async () => {
      ({ passport } = await lime.approve(requestId));
    });
    await until(() => clock.waits.some((ms) => ms > 2_999 && ms <= 3_000));
    await pass(3 * SECOND);
    await until(() => handler.events.length === 1);
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => handler.events.length === 2);

    expect(handler.events).toMatchObject([
      { type: 'expired', origin: 'local' },
      { type: 'approved', requestId },
    ]);
  });

  it('is nothing for a request that is still pending', async () => {
    const { lime, site, gap, pass, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();

    await gap();
    await until(() => lime.callCount('status') === 1);
    await pass(5 * SECOND);
    expect(handler.events).toEqual([]);
    lime.expire(requestId);

    await until(() => handler.events.length === 1);
  });

  it.each([1, 100, 5_000])(
    'is asked for once for each of %i pending requests, at most 50 a second',
    async (count) => {
      const { lime, site, gap, pass, handler } = await startSite({ streamWaitMs: 0 });
      const ids: string[] = [];
      while (ids.length < count) {
        const batch = Array.from({ length: Math.min(50, count - ids.length) }, () =>
          site.createLoginRequest(),
        );
        for (const { requestId } of await Promise.all(batch)) ids.push(requestId);
      }
      await gap(() => ids.forEach((id) => lime.expire(id)));

      let passedMs = 0;
      while (handler.events.length < count) {
        expect(lime.callCount('status')).toBeLessThanOrEqual(5 + passedMs / 20);
        await pass(100);
        passedMs += 100;
        await until(() => site.stats.missed === Math.min(count, lime.callCount('status')));
      }
      await pass(1 * SECOND);

      expect(lime.callCount('status')).toBe(count);
      expect(new Set(handler.requestIds)).toEqual(new Set(ids));
    },
    60_000,
  );

  it('is asked for also for a request whose answer was still on its way', async () => {
    let letAnswerPass: () => void = () => undefined;
    const answerMayPass = new Promise<void>((resolve) => {
      letAnswerPass = resolve;
    });
    const agent = new Agent();
    const slow = agent.compose((dispatch) => dispatch);
    const request = slow.request.bind(slow);
    Object.defineProperty(slow, 'request', {
      value: async (options: Dispatcher.RequestOptions) => {
        const answer = await request(options);
        if (options.method === 'POST') await answerMayPass;
        return answer;
      },
    });
    const { lime, site, gap, handler } = await startSite({ httpClient: slow });

    const creating = site.createLoginRequest();
    const { requestId } = await until(() => lime.requests()[0]);
    await gap(() => lime.expire(requestId));
    expect(lime.callCount('status')).toBe(0);
    letAnswerPass();
    await creating;
    await until(() => handler.events.length === 1);
    await agent.destroy();

    expect(handler.events).toMatchObject([{ type: 'expired', requestId, origin: 'platform' }]);
  });

  it('is asked for again when the stream broke again while asking', async () => {
    const { lime, site, clock, gap, pass, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    lime.faults.hang('status');

    await gap();
    await until(() => lime.callCount('status') === 1);
    await gap(() => lime.expire(requestId));
    clock.advance(30 * SECOND); // the first question is given up
    await pass(200);
    await until(() => handler.events.length === 1);

    expect(handler.events).toMatchObject([{ type: 'expired', origin: 'platform' }]);
  });
});

describe('a platform without the status call', () => {
  it.each([404, 405, 501])('(%i) is asked once for each gap, without a warning', async (status) => {
    const { lime, site, gap, pass, handler, logs } = await startSite();
    const body = { ok: false, error: { code: 'NO_SUCH_ROUTE', message: 'no such route' } };
    lime.faults.respond('status', { status, body, times: Infinity });
    for (let index = 0; index < 20; index++) await site.createLoginRequest();

    await gap();
    await pass(2 * SECOND);
    const asked = lime.callCount('status');
    await gap();
    await pass(2 * SECOND);

    expect(asked).toBeLessThanOrEqual(5); // what was in flight at once
    expect(lime.callCount('status')).toBeGreaterThan(asked);
    expect(lime.callCount('status')).toBeLessThanOrEqual(asked + 5);
    expect(handler.events).toEqual([]);
    expect(logs.of('warn').filter((line) => !line.includes('Event stream'))).toEqual([]);
  });

  it('differs from a proxy that answers 404 itself: after the next gap the events are recovered', async () => {
    const { lime, site, gap, pass, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    lime.faults.respond('status', { status: 404, body: '<html>not found</html>' });

    await gap(() => lime.expire(requestId));
    await pass(2 * SECOND);
    expect(handler.events).toEqual([]);

    await gap();
    await until(() => handler.events.length === 1);
    expect(handler.events).toMatchObject([{ type: 'expired', requestId, origin: 'platform' }]);
  });

  it('differs from one that does not know a single request', async () => {
    const { lime, site, gap, pass, handler } = await startSite();
    const { requestId: unknown } = await site.createLoginRequest();
    const { requestId: known } = await site.createLoginRequest();
    const body = { ok: false, error: { code: 'SITE_LOGIN_REQUEST_NOT_FOUND', message: 'gone' } };
    lime.faults.respond('status', {
      status: 404,
      body,
      when: ({ path }) => path.endsWith(unknown),
    });

    await gap(() => lime.expire(known));
    await pass(SECOND);
    await until(() => handler.events.length === 1);

    expect(handler.requestIds).toEqual([known]);
    expect(answered(lime.calls)).toBe(2);
  });

  it('differs from one that is in trouble, which is left alone after a few failures and asked after the next gap', async () => {
    const { lime, site, gap, pass, handler } = await startSite();
    const ids: string[] = [];
    for (let index = 0; index < 30; index++) ids.push((await site.createLoginRequest()).requestId);
    lime.faults.respond('status', { status: 500, times: Infinity });
    await gap();
    await pass(2 * SECOND);
    const asked = lime.callCount('status');

    lime.faults.clear();
    await gap(() => ids.forEach((id) => lime.expire(id)));
    await pass(2 * SECOND);
    await until(() => handler.events.length === 30);

    expect(asked).toBeLessThanOrEqual(3 + 5);
  });

  it('may say that a request timed out in words of its own', async () => {
    const { lime, site, gap, handler } = await startSite();
    await site.createLoginRequest();
    lime.faults.respond('status', {
      status: 200,
      body: { ok: true, data: { status: 'timed_out' } },
    });

    await gap();

    await until(() => handler.events.length === 1);
  });

  it('may say something that is not known here, which settles nothing', async () => {
    const { lime, site, gap, pass, handler } = await startSite();
    await site.createLoginRequest();
    lime.faults.respond('status', {
      status: 200,
      body: { ok: true, data: { status: 'DREAMING' } },
    });

    await gap();
    await until(() => lime.callCount('status') === 1);
    await pass(5 * SECOND);

    expect(handler.events).toEqual([]);
  });
});

describe('a request that LIME says nothing about', () => {
  it('expires locally a moment after expiresAt, not before', async () => {
    const { clock, site, handler } = await startSite({ sandbox: { requestTtlMs: 600 * SECOND } });
    const { requestId, expiresAt } = await site.createLoginRequest();

    clock.advance(expiresAt.getTime() - clock.now() + SECOND);
    expect(handler.events).toEqual([]);
    clock.advance(2 * SECOND);

    expect(handler.events).toMatchObject([{ type: 'expired', requestId, origin: 'local' }]);
  });

  it('is overruled by an approval that comes later', async () => {
    const { clock, lime, site, handler } = await startSite({ sseReadTimeoutMs: 900 * SECOND });
    const { requestId } = await site.createLoginRequest();
    clock.advance(603 * SECOND);
    expect(handler.events).toHaveLength(1);
    const issuedAt = clock.now() / 1000;
    const passport = await lime.signPassport({ request_id: requestId }, { issuedAt });

    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => handler.events.length === 2);

    expect(handler.events[1]).toMatchObject({ type: 'approved', requestId });
  });

  it('counts what the platform says afterwards as a repeat', async () => {
    const { clock, lime, site, handler } = await startSite({ sseReadTimeoutMs: 900 * SECOND });
    const { requestId } = await site.createLoginRequest();
    clock.advance(603 * SECOND);

    lime.expire(requestId);
    await until(() => site.stats.duplicates === 1);

    expect(handler.events).toHaveLength(1);
  });

  it('expires in the order of their dates, with requests of different length', async () => {
    const { clock, lime, site, handler } = await startSite({ sseReadTimeoutMs: 900 * SECOND });
    const { requestId: later } = await site.createLoginRequest();
    const expires_at = new Date(clock.now() + 60 * SECOND).toISOString();
    lime.faults.respond('create', {
      status: 201,
      body: { ok: true, data: { login_request_id: 'lr_short', status: 'PENDING', expires_at } },
    });
    await site.createLoginRequest();

    clock.advance(63 * SECOND);
    expect(handler.requestIds).toEqual(['lr_short']);
    clock.advance(600 * SECOND);

    expect(handler.requestIds).toEqual(['lr_short', later]);
  });
});

describe('an approval whose key cannot be had', () => {
  const outage = { status: 503, body: 'down', times: Infinity };

  it('is held until the keys are back, without holding up others', async () => {
    const { lime, site, pass, handler, logs } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const { requestId } = await site.createLoginRequest();
    const { requestId: other } = await site.createLoginRequest();

    await lime.approve(requestId);
    lime.expire(other);
    await until(() => handler.requestIds.includes(other));
    await pass(20 * SECOND);
    expect(handler.requestIds).toEqual([other]);
    lime.faults.clear();
    await pass(30 * SECOND);
    await until(() => handler.requestIds.includes(requestId));

    expect(site.stats).toMatchObject({ rejected: 0, delivered: 2 });
    expect(logs.of('warn').filter((line) => line.includes('Holding the approval'))).toHaveLength(1);
  });

  it('tells when it came and not when the keys did, as does the expiry behind one that turns out bad', async () => {
    const { lime, site, clock, pass, handler } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const { requestId } = await site.createLoginRequest();
    const { requestId: other } = await site.createLoginRequest();
    const bad = await lime.signPassport({ request_id: other, aud: 'lime-binding' });

    await pass(5 * SECOND);
    const cameAt = clock.now();
    await lime.approve(requestId);
    lime.send({ type: 'approved', login_request_id: other, agent_passport_jwt: bad });
    lime.send({ type: 'expired', login_request_id: other });
    await until(() => site.stats.received === 3);
    await pass(20 * SECOND);
    lime.faults.clear();
    await pass(30 * SECOND);
    await until(() => handler.events.length === 2);

    const told = handler.events.map(({ type, receivedAt }) => [type, receivedAt.getTime()]);
    expect(told).toContainEqual(['approved', cameAt]);
    expect(told).toContainEqual(['expired', cameAt]);
  });

  it('may be one of many without a warning of Node about listeners', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    const { lime, clock, pass, handler } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const ids = Array.from({ length: 30 }, () => lime.createLoginRequest().requestId);

    await Promise.all(ids.map((id) => lime.approve(id)));
    await until(() => clock.waits.filter((ms) => ms <= 250).length === 30);
    lime.faults.clear();
    await pass(30 * SECOND);
    await until(() => handler.events.length === 30);
    process.off('warning', note);

    expect(warnings).toEqual([]);
  });

  it('is settled soon after the keys are back, although a fetch failed for its sake', async () => {
    const { lime, site, clock, pass, handler } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', { ...outage, times: 1 });
    const { requestId } = await site.createLoginRequest();

    await lime.approve(requestId);
    await until(() => clock.waits.some((ms) => ms <= 250));
    const heldAt = clock.now();
    while (handler.events.length === 0 && clock.now() - heldAt < 20 * SECOND) await pass(100);

    expect(clock.now() - heldAt).toBeLessThanOrEqual(8 * SECOND);
    expect(handler.requestIds).toEqual([requestId]);
  });

  it('becomes a rejection when its passport runs out first', async () => {
    const { lime, site, clock, pass, handler } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const { requestId } = await site.createLoginRequest();
    const rejected: unknown[] = [];
    site.rejections$.subscribe((rejection) => rejected.push(rejection));

    await lime.approve(requestId);
    await until(() => clock.waits.some((ms) => ms <= 250));
    await pass(140 * SECOND, 500);
    await until(() => rejected.length > 0);

    expect(rejected).toMatchObject([{ requestId, error: { code: 'PASSPORT_EXPIRED' } }]);
    expect(handler.events).toEqual([]);
    expect(site.stats.rejected).toBe(1);
  });

  it('is held when the published set does not have a key of just now yet', async () => {
    const { lime, site, clock, pass, handler } = await startSite();
    const published = lime.publishedKeys();
    await lime.rotateKeys();
    lime.faults.respond('jwks', { status: 200, body: published, times: Infinity });
    const { requestId } = await site.createLoginRequest();

    await lime.approve(requestId);
    await until(() => clock.waits.some((ms) => ms <= 250));
    await pass(5 * SECOND);
    lime.faults.clear();
    await pass(20 * SECOND);
    await until(() => handler.requestIds.includes(requestId));

    expect(site.stats.rejected).toBe(0);
  });

  it('does not keep a good one for the same request waiting', async () => {
    const { lime, site, clock, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const bad = await lime.signPassport({ request_id: requestId }, { kid: 'nobody-has-it' });
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: bad });
    await until(() => clock.waits.some((ms) => ms <= 250));

    await lime.approve(requestId);
    await until(() => handler.events.length > 0);

    expect(handler.events).toMatchObject([{ type: 'approved', requestId }]);
  });

  it('keeps an expiry of the same request waiting behind it', async () => {
    const { lime, site, clock, pass, handler } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const { requestId } = await site.createLoginRequest();

    await lime.approve(requestId);
    await until(() => clock.waits.some((ms) => ms <= 250));
    lime.send({ type: 'expired', login_request_id: requestId });
    await until(() => site.stats.received === 2);
    lime.faults.clear();
    await pass(30 * SECOND);
    await until(() => site.stats.duplicates === 1);

    expect(handler.events).toMatchObject([{ type: 'approved', requestId }]);
  });

  it('does not expire locally while it is held', async () => {
    const { lime, site, clock, pass, handler } = await startSite({
      sandbox: { requestTtlMs: 20 * SECOND },
    });
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const { requestId } = await site.createLoginRequest();

    await lime.approve(requestId);
    await until(() => clock.waits.some((ms) => ms <= 250));
    await pass(30 * SECOND);
    expect(handler.events).toEqual([]);
    lime.faults.clear();
    await pass(30 * SECOND);

    await until(() => handler.events.length > 0);
    expect(handler.events).toMatchObject([{ type: 'approved', requestId }]);
  });

  it('gets one last try at shutdown', async () => {
    const { lime, site, clock, handler, logs } = await startSite();
    await lime.rotateKeys();
    lime.faults.respond('jwks', outage);
    const { requestId } = await site.createLoginRequest();
    const rejected: unknown[] = [];
    site.rejections$.subscribe((rejection) => rejected.push(rejection));
    await lime.approve(requestId);
    await until(() => clock.waits.some((ms) => ms <= 250));

    await site.onModuleDestroy();

    expect(rejected).toMatchObject([{ requestId, error: { code: 'KEYS_UNAVAILABLE' } }]);
    expect(handler.events).toEqual([]);
    expect(logs.of('warn').at(-1)).toContain(requestId);
  });
});
