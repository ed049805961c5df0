import { describe, expect, it } from '@jest/globals';
import { AuthenticationError, LimeError } from 'nestjs-lime-sites';
import { failureOf } from '../support/failure-of.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

describe('createLoginRequest() and the event stream', () => {
  const start = useStarter();

  it('waits for the stream, so that it cannot miss the outcome', async () => {
    const lime = await start.lime();
    lime.faults.delay('events', 40, 1);
    const { site } = await start.site({ lime });
    expect(site.connection.state).toBe('connecting');
    await site.createLoginRequest();
    expect(site.connection.state).toBe('open');
    const targets = lime.calls.map(({ target }) => target);
    expect(targets.indexOf('create')).toBeGreaterThan(targets.indexOf('events'));
  });

  it('waits during failed attempts to connect', async () => {
    const lime = await start.lime();
    lime.faults.respond('events', { status: 503, times: 3 });
    const { site } = await start.site({ lime });
    await expect(site.createLoginRequest()).resolves.toMatchObject({ status: 'PENDING' });
    expect(lime.callCount('events')).toBe(4);
  });

  it('fails after streamWaitMs and names the reason of the missing stream', async () => {
    const clock = new ManualClock();
    const lime = await start.lime();
    lime.faults.respond('events', { status: 503, body: 'maintenance', times: Infinity });
    const { site } = await start.site({ lime, clock, options: { streamWaitMs: 777 } });
    await until(() => site.connection.state === 'reconnecting');
    const request = failureOf(LimeError, site.createLoginRequest());
    clock.advance(777);
    const error = await request;
    expect(error.code).toBe('STREAM_UNAVAILABLE');
    expect(error.message).toContain('within 777 ms (streamWaitMs)');
    expect(error.message).toContain('HTTP 503');
    expect(error.message).toContain('maintenance');
    expect(error.cause).toMatchObject({ httpStatus: 503 });
    expect(lime.callCount('create')).toBe(0);
  });

  it('fails after streamWaitMs also without a known reason', async () => {
    const lime = await start.lime();
    lime.faults.hang('events', Infinity);
    const { site } = await start.site({ lime, options: { streamWaitMs: 5 } });
    const error = await failureOf(LimeError, site.createLoginRequest());
    expect(error).toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toMatch(/ {2}|undefined/);
  });

  it('neither waits nor fails with streamWaitMs 0', async () => {
    const lime = await start.lime();
    lime.faults.hang('events', Infinity);
    const { site } = await start.site({ lime, options: { streamWaitMs: 0 } });
    await expect(site.createLoginRequest()).resolves.toMatchObject({ status: 'PENDING' });
    expect(site.connection.state).toBe('connecting');
  });

  it('fails at once when LIME refuses the token', async () => {
    const { lime, site } = await start.site({
      options: { siteToken: 'st_wrong', streamWaitMs: 60_000 },
    });
    const error = await failureOf(AuthenticationError, site.createLoginRequest());
    expect(error).toMatchObject({ code: 'SITE_TOKEN_INVALID', httpStatus: 401 });
    expect(lime.callCount('create')).toBe(0);
  });

  it('fails at once on each further call', async () => {
    const { site } = await start.site({ options: { siteToken: 'st_wrong', streamWaitMs: 60_000 } });
    const first = await failureOf(AuthenticationError, site.createLoginRequest());
    const second = await failureOf(AuthenticationError, site.createLoginRequest());
    expect(second).not.toBe(first);
    expect(second.code).toBe(first.code);
  });

  it('fails at once when the stream is refused for another reason', async () => {
    const lime = await start.lime();
    lime.faults.respond('events', { status: 404, times: Infinity });
    const { site } = await start.site({ lime, options: { streamWaitMs: 60_000 } });
    const error = await failureOf(LimeError, site.createLoginRequest());
    expect(error.code).toBe('STREAM_UNAVAILABLE');
    expect(error.message).toMatch(/event stream.* is unauthorized \(GET .* HTTP 404/);
  });

  it('works again when the site is reinstated', async () => {
    const clock = new ManualClock();
    const lime = await start.lime();
    lime.suspendSite();
    const { site } = await start.site({ lime, clock });
    const error = await failureOf(AuthenticationError, site.createLoginRequest());
    expect(error.code).toBe('SITE_SUSPENDED');
    lime.reinstateSite();
    clock.advance(300_000);
    await until(() => site.connection.state === 'open');
    await expect(site.createLoginRequest()).resolves.toMatchObject({ status: 'PENDING' });
  });
});
