import { describe, expect, it, jest } from '@jest/globals';
import type { LimeLoginEvent, LimeSitesModuleOptions } from 'nestjs-lime-sites';
import { config } from 'rxjs';
import { useCleanup } from '../support/cleanup.js';
import { ManualClock } from '../support/manual-clock.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const closeLater = useCleanup(); // before the sites close
const start = useStarter();

async function startSite(options: LimeSitesModuleOptions = {}, clock?: ManualClock) {
  const started = await start.site({
    options,
    providers: [RecordingHandler],
    ...(clock && { clock }),
  });
  await started.lime.whenStreamOpen();
  return { ...started, handler: started.app.get(RecordingHandler) };
}

const frame = (id: string): string => `data: {"type":"expired","login_request_id":"${id}"}\n\n`;
const frames = (count: number): string =>
  Array.from({ length: count }, (_, index) => frame(`lr_${index}`)).join('');

/** A promise, and the function that resolves it. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('A handler', () => {
  it('does not delay other logins while it is slow', async () => {
    const { lime, site, handler } = await startSite();
    const { open, opened } = gate();
    site.onLogin(({ requestId }) => (requestId === 'lr_0' ? opened : undefined));

    lime.send(frames(10));
    await until(() => handler.events.length === 10);

    open();
  });

  it('times out after handlerTimeoutMs: its signal aborts, and its slot is free', async () => {
    const clock = new ManualClock();
    const { lime, site, handler, logs } = await startSite(
      { concurrency: 1, handlerTimeoutMs: 30_000 },
      clock,
    );
    const signals: AbortSignal[] = [];
    site.onLogin(async (_, { signal }) => {
      signals.push(signal);
      await new Promise(() => undefined);
    });

    lime.send(frames(2));
    await until(() => signals.length === 1);
    expect(handler.events).toHaveLength(1);
    clock.advance(30_000);
    await until(() => signals.length === 2);

    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toMatchObject({ code: 'HANDLER_TIMEOUT' });
    expect(handler.events).toHaveLength(2);
    expect(site.stats.handlerErrors).toBe(1);
    expect(logs.of('error')).toEqual([expect.stringContaining('lr_0')]);
    clock.advance(30_000);
    await until(() => site.stats.handlerErrors === 2);
  });

  it('is not reported again when it fails after its timeout', async () => {
    const clock = new ManualClock();
    const { lime, site, logs } = await startSite({ handlerTimeoutMs: 1_000 }, clock);
    site.onLogin(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => setImmediate(() => reject(new Error('too late'))));
        }),
    );

    lime.send(frames(1));
    await until(() => clock.waits.includes(1_000));
    clock.advance(1_000);
    await until(() => site.stats.handlerErrors === 1);
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(logs.of('error')).toHaveLength(1);
    expect(logs.toString()).not.toContain('too late');
  });

  const FAILURES: [name: string, fail: () => unknown, text: RegExp][] = [
    [
      'throws',
      () => {
        throw new Error('database is gone');
      },
      /database is gone[^]*delivering\.spec/,
    ],
    [
      'rejects',
      () => Promise.reject(new Error('database is gone')),
      /database is gone[^]*delivering\.spec/,
    ],
    [
      'throws null',
      () => {
        throw null;
      },
      /threw null/,
    ],
    ['rejects with undefined', () => Promise.reject(undefined), /threw undefined/],
    [
      'throws a text',
      () => {
        throw 'oops';
      },
      /threw oops/,
    ],
    [
      'rejects with an object without a prototype',
      () => Promise.reject(Object.create(null)),
      /threw \[Object: null prototype\] \{\}/,
    ],
    [
      'throws an object without a prototype',
      () => {
        throw Object.create(null);
      },
      /threw \[Object: null prototype\] \{\}/,
    ],
    ['rejects with a plain object', () => Promise.reject({ reason: 'full' }), /threw .*full/],
    [
      'throws an error whose members throw',
      () => {
        throw Object.defineProperties(new Error(), {
          stack: { get: () => cannotRead('stack') },
          message: { get: () => cannotRead('message') },
          name: { get: () => cannotRead('name') },
        });
      },
      /threw/,
    ],
    [
      'throws a proxy that refuses everything',
      () => {
        const refuse = () => cannotRead('trap');
        throw new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse });
      },
      /threw/,
    ],
    [
      'returns an object whose then throws',
      () => Object.defineProperty({}, 'then', { get: () => cannotRead('then') }),
      /then/,
    ],
    ['throws a symbol', () => Promise.reject(Symbol('odd')), /threw Symbol\(odd\)/],
    [
      'returns a thenable that rejects',
      () => ({ then: (_: unknown, no: (e: unknown) => void) => no('late') }),
      /threw late/,
    ],
  ];

  it.each(FAILURES)(
    'is logged with its stack and counted when it %s, and does not affect others',
    async (_, fail, text) => {
      const { lime, site, logs } = await startSite();
      const after: string[] = [];
      site.onLogin(fail);
      site.onLogin(({ requestId }) => after.push(requestId));

      lime.send(frames(2));
      await until(() => after.length === 2);

      expect(site.stats.handlerErrors).toBe(2);
      expect(site.stats).toMatchObject({ received: 2, delivered: 2, rejected: 0, failed: 2 });
      const line = logs.lines.find(({ level }) => level === 'error');
      expect(line?.stack).toMatch(text);
      expect(line?.message).toMatch(/failed for expired lr_0: \S/);
    },
  );

  it('runs after the one before it: ten handlers of a login run one after another', async () => {
    const { lime, site } = await startSite();
    const steps: string[] = [];
    for (let index = 0; index < 10; index++) {
      site.onLogin(async ({ requestId }) => {
        steps.push(`${requestId} ${index} begins`);
        await new Promise(setImmediate);
        steps.push(`${requestId} ${index} ends`);
      });
    }

    lime.send(frame('lr_a'));
    await until(() => steps.length === 20);

    const expected = Array.from({ length: 10 }, (_, index) => [
      `lr_a ${index} begins`,
      `lr_a ${index} ends`,
    ]);
    expect(steps).toEqual(expected.flat());
  });

  it('can remove itself while it runs', async () => {
    const { lime, site, handler } = await startSite();
    const seen: string[] = [];
    const remove = site.onLogin(function once({ requestId }) {
      remove();
      remove();
      seen.push(requestId);
    });

    lime.send(frames(3));
    await until(() => handler.events.length === 3);

    expect(seen).toEqual(['lr_0']);
  });

  it('gets logins in the order of their arrival, one at a time, with concurrency 1', async () => {
    const { lime, site } = await startSite({ concurrency: 1 });
    const order: string[] = [];
    let running = 0;
    let most = 0;
    site.onLogin(async ({ requestId }) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
      order.push(requestId);
      running--;
    });

    lime.send(frames(50));
    await until(() => order.length === 50);

    expect(order).toEqual(Array.from({ length: 50 }, (_, index) => `lr_${index}`));
    expect(most).toBe(1);
  });

  it('runs for as many logins at once as concurrency allows, and no more', async () => {
    const { lime, site } = await startSite({ concurrency: 4 });
    const { open, opened } = gate();
    let running = 0;
    site.onLogin(async () => {
      running++;
      await opened;
    });

    lime.send(frames(20));
    await until(() => site.stats.delivered === 20);
    expect(running).toBe(4);
    open();

    await until(() => running === 20);
  });
});

describe('An approval that overrules a local expiry', () => {
  /** Starts a site on which a request has just expired locally. Its handlers are still running. */
  async function startWithExpiry(options: LimeSitesModuleOptions = {}) {
    const clock = new ManualClock();
    const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 60_000 });
    const { app, site, logs } = await start.site({ lime, clock, options });
    await until(() => site.connection.state === 'open');
    const { open, opened } = gate();
    closeLater(open); // on a manual clock, the shutdown deadline never comes
    const steps: string[] = [];
    site.onLogin(async ({ type, requestId: id }) => {
      steps.push(`${type} begins`);
      if (id === requestId && type === 'expired') await opened;
      steps.push(`${type} ends`);
    });
    const { requestId } = await site.createLoginRequest();
    lime.faults.missExpiry();
    clock.advance(63_000);
    await until(() => steps.length === 1);
    const issuedAt = clock.now() / 1000;
    const passport = await lime.signPassport({ request_id: requestId }, { issuedAt });
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => site.stats.delivered === 2);
    return { app, clock, lime, site, logs, requestId, steps, open };
  }

  it('waits for the handlers of the expiry, so that they cannot undo its effect', async () => {
    const { steps, open } = await startWithExpiry();
    expect(steps).toEqual(['expired begins']);

    open();
    await until(() => steps.length === 4);

    expect(steps).toEqual(['expired begins', 'expired ends', 'approved begins', 'approved ends']);
  });

  it('is a duplicate once LIME has sent the expiry', async () => {
    const clock = new ManualClock();
    const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 60_000 });
    const { site } = await start.site({ lime, clock });
    await until(() => site.connection.state === 'open');
    const events: string[] = [];
    site.onLogin(({ type }) => void events.push(type));
    const { requestId } = await site.createLoginRequest();
    lime.faults.missExpiry();
    clock.advance(63_000);
    await until(() => events.length === 1);

    lime.send({ type: 'expired', login_request_id: requestId });
    await until(() => site.stats.duplicates === 1);
    const issuedAt = clock.now() / 1000;
    const passport = await lime.signPassport({ request_id: requestId }, { issuedAt });
    lime.send({ type: 'approved', login_request_id: requestId, agent_passport_jwt: passport });
    await until(() => site.stats.duplicates === 2);

    expect(events).toEqual(['expired']);
    expect(site.stats).toMatchObject({ received: 2, delivered: 1 });
  });

  it('does not delay other logins while it waits', async () => {
    const { lime, steps, open } = await startWithExpiry({ concurrency: 2 });

    lime.send(frames(2));
    await until(() => steps.length === 5);
    open();

    await until(() => steps.length === 8);
    expect(steps.slice(-3)).toEqual(['expired ends', 'approved begins', 'approved ends']);
  });

  it('is named at shutdown while it waits', async () => {
    const { app, clock, logs, requestId } = await startWithExpiry({ shutdownTimeoutMs: 7_000 });

    const closing = app.close();
    await until(() => clock.waits.includes(7_000));
    clock.advance(7_000);
    await closing;

    expect(logs.of('error')).toContainEqual(
      expect.stringContaining(`no handler received before shutdown: ${requestId}`),
    );
  });
});

describe('A flood of logins', () => {
  it('waits in the socket and not in memory, and loses none of 50 000', async () => {
    const { lime, site, handler } = await startSite({ concurrency: 1 });
    const { open, opened } = gate();
    site.onLogin(() => opened);
    const received = () => site.stats.received;

    lime.send(frames(50_000));
    let before = -1;
    while (received() === 0 || received() > before) {
      before = received();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // 1 024 in flight, and the frames of the present chunk: 64 KiB.
    expect(received()).toBeLessThan(1_024 + 65_536 / frame('lr_1').length);
    expect(site.connection.state).toBe('open');
    open();
    await until(() => handler.events.length === 50_000);

    expect(site.stats).toMatchObject({ received: 50_000, delivered: 50_000, reconnects: 0 });
  });

  it('does not trigger the idle timeout while back-pressure pauses the stream', async () => {
    const clock = new ManualClock();
    const { lime, site, handler } = await startSite(
      { concurrency: 1, handlerTimeoutMs: 3_600_000, sseReadTimeoutMs: 10_000 },
      clock,
    );
    const { open, opened } = gate();
    site.onLogin(() => opened);
    lime.send(frames(5_000));
    await until(() => site.stats.received > 1_024);

    clock.advance(600_000);
    expect(site.connection.state).toBe('open');
    open();
    await until(() => handler.events.length === 5_000);

    expect(site.stats.reconnects).toBe(0);
  });

  it('restarts the idle timeout after back-pressure', async () => {
    const clock = new ManualClock();
    const lime = await start.lime({ keepaliveMs: 0 });
    const options = { concurrency: 1, handlerTimeoutMs: 3_600_000, sseReadTimeoutMs: 10_000 };
    const { app, site } = await start.site({
      lime,
      clock,
      options,
      providers: [RecordingHandler],
    });
    await until(() => site.connection.state === 'open');
    const { open, opened } = gate();
    site.onLogin(() => opened);
    lime.send(frames(5_000));
    await until(() => site.stats.received > 1_024);
    open();
    await until(() => app.get(RecordingHandler).events.length === 5_000);

    clock.advance(9_000);
    expect(site.connection.state).toBe('open');
    clock.advance(2_000);
    await until(() => site.connection.state === 'reconnecting');

    expect(site.connection.lastError).toMatchObject({ code: 'STREAM_IDLE_TIMEOUT' });
  });
});

describe('A duplicate', () => {
  it('is dropped within a connection and across connections', async () => {
    const { lime, site, handler } = await startSite();

    lime.send(frame('lr_a') + frame('lr_b') + frame('lr_a'));
    await until(() => handler.events.length === 2 && site.stats.duplicates === 1);
    lime.faults.dropStreams();
    await until(() => site.stats.reconnects === 1 && lime.openStreams === 1);
    lime.send(frame('lr_b') + frame('lr_c'));
    await until(() => handler.events.length === 3);

    expect(handler.requestIds).toEqual(['lr_a', 'lr_b', 'lr_c']);
    expect(site.stats).toMatchObject({ received: 5, delivered: 3, duplicates: 2 });
  });

  it('is dropped while its approval is being verified', async () => {
    const { lime, site, handler } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    const approved = {
      type: 'approved',
      login_request_id: requestId,
      agent_passport_jwt: passport,
    };

    lime.send(`data: ${JSON.stringify(approved)}\n\n`.repeat(5));
    await until(() => site.stats.duplicates === 4);

    expect(handler.events).toHaveLength(1);
  });
});

describe('A subscriber that throws', () => {
  it('affects neither handlers nor other subscribers nor the next event', async () => {
    const unhandled = jest.fn();
    const earlier = config.onUnhandledError;
    config.onUnhandledError = unhandled;
    try {
      const { lime, site, handler } = await startSite();
      const emitted: LimeLoginEvent[] = [];
      site.loginEvents$.subscribe(() => {
        throw new Error('a bug in a subscriber');
      });
      site.loginEvents$.subscribe((event) => emitted.push(event));

      lime.send(frames(3));
      await until(() => emitted.length === 3);

      expect(handler.events).toHaveLength(3);
      expect(lime.openStreams).toBe(1);
      await until(() => unhandled.mock.calls.length === 3);
    } finally {
      config.onUnhandledError = earlier;
    }
  });
});

function cannotRead(what: string): never {
  throw new Error(`${what} cannot be read`);
}
