import { describe, expect, it } from '@jest/globals';
import type { LimeLoginEvent, LimeSiteService, LimeSitesModuleOptions } from 'nestjs-lime-sites';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Starts a site on a manual clock, for logins that another process created. */
async function startSite(options: LimeSitesModuleOptions = {}) {
  const clock = new ManualClock();
  const lime = await start.lime({ keepaliveMs: 0, requestTtlMs: 60 * MINUTE });
  const started = await start.site({ lime, clock, options: { maxRetries: 0, ...options } });
  const { site } = started;
  if (options.dispatcher !== false)
    await until(() => site.connection.state === 'open' && lime.openStreams === 1);
  const { requestId } = lime.createLoginRequest();
  return { ...started, clock, requestId };
}

/** Subscribes to an outcome, and records what the subscriber gets. */
function waitFor(site: LimeSiteService, requestId: string) {
  const events: LimeLoginEvent[] = [];
  const wait = { events, completed: false, unsubscribe: () => subscription.unsubscribe() };
  const subscription = site.outcomeOf(requestId).subscribe({
    next: (event) => events.push(event),
    complete: () => {
      wait.completed = true;
    },
  });
  return wait;
}

describe('outcomeOf() of a request that this process does not know', () => {
  it('emits the approval that arrives while the request is pending', async () => {
    const { lime, site, requestId } = await startSite();
    const wait = waitFor(site, requestId);
    await until(() => lime.callCount('status') === 1);

    await lime.approve(requestId);
    await until(() => wait.completed);

    expect(wait.events).toMatchObject([{ type: 'approved', requestId }]);
  });

  it('emits the expiry that LIME reports, and no handler or subscriber of all logins gets it', async () => {
    const { lime, site, requestId } = await startSite();
    lime.faults.loseEvents(1);
    lime.expire(requestId);
    const all: LimeLoginEvent[] = [];
    site.loginEvents$.subscribe((event) => all.push(event));

    const wait = waitFor(site, requestId);
    await until(() => wait.completed);

    expect(wait.events).toMatchObject([{ type: 'expired', requestId, origin: 'platform' }]);
    expect(all).toEqual([]);
    expect(site.stats).toMatchObject({ received: 0, delivered: 0, missed: 0 });
  });

  it('completes without a value 3 s after LIME has reported an approval that another process received', async () => {
    const { lime, site, requestId, clock } = await startSite();
    lime.faults.loseEvents(1);
    await lime.approve(requestId);

    const wait = waitFor(site, requestId);
    await until(() => lime.callCount('status') === 1 && clock.waits.includes(3 * SECOND));
    clock.advance(3 * SECOND - 1);
    expect(wait.completed).toBe(false);
    clock.advance(1);

    expect(wait).toMatchObject({ completed: true, events: [] });
  });

  it('completes without a value 3 s after LIME has answered that it does not know the request', async () => {
    const { lime, site, clock } = await startSite();

    const wait = waitFor(site, 'lr_made_up');
    await until(() => lime.callCount('status') === 1 && clock.waits.includes(3 * SECOND));
    clock.advance(3 * SECOND - 1);
    expect(wait.completed).toBe(false);
    clock.advance(1);

    expect(wait).toMatchObject({ completed: true, events: [] });
  });

  it.each([
    ['the request stays pending', () => undefined],
    ['LIME fails', { status: 500, times: Infinity }],
    ['a proxy answers', { status: 404, body: '<html>not found</html>', times: Infinity }],
  ])('completes without a value after ten minutes when %s', async (_, answer) => {
    const { lime, site, requestId, clock } = await startSite({ sseReadTimeoutMs: 60 * MINUTE });
    if (typeof answer === 'object') lime.faults.respond('status', answer);

    const wait = waitFor(site, requestId);
    await until(() => lime.callCount('status') === 1);
    await until(() => clock.waits.includes(100)); // the answer was read
    clock.advance(10 * MINUTE - 1);
    expect(wait.completed).toBe(false);
    clock.advance(1);

    expect(wait).toMatchObject({ completed: true, events: [] });
  });

  it('asks LIME once for many subscribers, and not again within 10 s', async () => {
    const { lime, site, clock } = await startSite();
    const waits = [waitFor(site, 'lr_made_up'), waitFor(site, 'lr_made_up')];
    await until(() => clock.waits.includes(3 * SECOND));
    clock.advance(3 * SECOND);
    expect(waits.every(({ completed }) => completed)).toBe(true);

    expect(waitFor(site, 'lr_made_up').completed).toBe(true);
    expect(lime.callCount('status')).toBe(1);
    clock.advance(10 * SECOND + 1);
    waitFor(site, 'lr_made_up');

    await until(() => lime.callCount('status') === 2);
  });

  it('asks LIME for 1 000 of the requests that visitors make up, at most 50 a second', async () => {
    const { lime, site, clock } = await startSite();
    const waits = Array.from({ length: 3_000 }, (_, index) => waitFor(site, `lr_${index}`));

    for (let passedMs = 0; passedMs < 25 * SECOND; passedMs += 100) {
      const calls = lime.callCount('status');
      expect(calls).toBeLessThanOrEqual(5 + passedMs / 20);
      const unanswered = () => clock.waits.filter((ms) => ms > 9 * MINUTE).length;
      await until(() => waits.length - unanswered() >= calls);
      clock.advance(100);
      await new Promise(setImmediate);
    }

    expect(lime.callCount('status')).toBeLessThanOrEqual(1_005);
    clock.advance(10 * MINUTE);
    expect(waits.every(({ completed }) => completed)).toBe(true);
  });

  it('leaves no timer when the subscriber leaves, and asks LIME nothing', async () => {
    const { lime, site, requestId, clock } = await startSite({ dispatcher: false });
    lime.faults.hang('status', 5);
    for (let index = 0; index < 5; index++) waitFor(site, `lr_${index}`).unsubscribe();
    const waits = clock.waits.length;

    waitFor(site, requestId).unsubscribe();

    expect(clock.waits).toHaveLength(waits);
    expect(lime.callCount('status')).toBe(0);
  });

  it('completes without a value in a process without an event stream', async () => {
    const { site, clock } = await startSite({ dispatcher: false });

    const wait = waitFor(site, 'lr_made_up');
    await until(() => clock.waits.includes(3 * SECOND));
    clock.advance(3 * SECOND);

    expect(wait.completed).toBe(true);
  });

  it('leaves no timer after shutdown', async () => {
    const { app, site, requestId, clock } = await startSite();
    waitFor(site, requestId);

    await app.close();

    expect(clock.waits).toEqual([]);
  });
});
