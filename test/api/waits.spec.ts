import { describe, expect, it } from '@jest/globals';
import { LimeError, RateLimitError } from 'nestjs-lime-sites';
import { Agent } from 'undici';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 600_000;

describe('A call to LIME', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  it('fails after timeoutMs also while the HTTP library has no connection and ignores the abort', async () => {
    const agent = new Agent();
    closeLater(() => agent.destroy());
    const httpClient = agent.compose(() => () => true); // never calls back, as when a firewall drops the SYN
    const clock = new ManualClock();
    const { site } = await start.site({
      clock,
      options: { httpClient, dispatcher: false, timeoutMs: 2_000 },
    });
    const request = failureOf(LimeError, site.createLoginRequest());
    await until(() => clock.waits.length === 2); // this call, and the JWKS
    clock.advance(2_000);
    expect(await request).toMatchObject({ code: 'TIMEOUT' });
  });

  it('ends its wait for a retry at shutdown, with the error of its last try', async () => {
    const clock = new ManualClock();
    const { lime, site, app } = await start.site({
      clock,
      options: { dispatcher: false, timeoutMs: TIMEOUT_MS },
    });
    await until(() => clock.waits.length === 0); // the site has the JWKS
    lime.faults.respond('create', { status: 429, headers: { 'retry-after': '20' }, times: 2 });
    const requests = [1, 2].map(() => failureOf(RateLimitError, site.createLoginRequest()));
    await until(() => clock.waits.filter((ms) => ms < TIMEOUT_MS).length === 2);
    await app.close();
    for (const request of requests) expect(await request).toMatchObject({ retryAfterMs: 20_000 });
    expect(lime.callCount('create')).toBe(2);
    expect(clock.waits).toEqual([]);
  });

  it('waits half a minute at most before a retry, after any number of retries', async () => {
    const clock = new ManualClock();
    const { lime, site } = await start.site({
      clock,
      options: { dispatcher: false, timeoutMs: TIMEOUT_MS, maxRetries: 10 },
    });
    lime.faults.respond('create', { status: 503, times: 10 });
    const request = site.createLoginRequest();
    const waits: number[] = [];
    while (waits.length < 10) {
      waits.push(await until(() => clock.waits.find((ms) => ms < TIMEOUT_MS)));
      clock.advance(waits.at(-1) ?? 0);
    }
    await expect(request).resolves.toMatchObject({ status: 'PENDING' });
    expect(Math.max(...waits)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_100);
  });
});
