import { describe, expect, it } from '@jest/globals';
import {
  ApiError,
  AuthenticationError,
  LimeError,
  type LimeSitesModuleOptions,
  LimeSitesModule,
  LimeSiteService,
  SiteAuthUnavailableError,
} from 'nestjs-lime-sites';
import { failureOf } from '../support/failure-of.js';
import { closedAddress } from '../support/loopback-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 600_000;

describe('A call that fails', () => {
  const start = useStarter();

  async function startWith(options: LimeSitesModuleOptions = {}) {
    const clock = new ManualClock();
    const started = await start.site({
      clock,
      options: { dispatcher: false, timeoutMs: TIMEOUT_MS, ...options },
    });
    await until(() => clock.waits.length === 0); // the site has fetched the keys
    /** Ends the pause before the next try, and gives its length. */
    const passPause = async (): Promise<number> => {
      const pause = await until(() => clock.waits.find((ms) => ms < TIMEOUT_MS));
      clock.advance(pause);
      return pause;
    };
    return { ...started, clock, passPause };
  }

  it.each([400, 401, 403, 404, 409, 422])('is not retried after HTTP %i', async (status) => {
    const { lime, site } = await startWith();
    lime.faults.respond('create', { status });
    await failureOf(LimeError, site.createLoginRequest());
    expect(lime.callCount('create')).toBe(1);
  });

  it('is not retried after a redirect or an unexpected answer', async () => {
    const { lime, site } = await startWith();
    lime.faults.respond('create', { status: 302, headers: { location: '/' } });
    await expect(site.createLoginRequest()).rejects.toMatchObject({ code: 'UNEXPECTED_REDIRECT' });
    lime.faults.respond('create', { status: 200, body: 'OK' });
    await expect(site.createLoginRequest()).rejects.toMatchObject({ code: 'UNEXPECTED_RESPONSE' });
    expect(lime.callCount('create')).toBe(2);
  });

  it('is retried maxRetries times, with doubled pauses, and then fails with the last error', async () => {
    const { lime, site, passPause } = await startWith();
    lime.faults.respond('create', { status: 500, times: 3 });
    lime.faults.respond('create', { status: 503 });
    const request = failureOf(LimeError, site.createLoginRequest());
    for (const least of [250, 500, 1_000]) {
      const pause = await passPause();
      expect(pause).toBeGreaterThanOrEqual(least);
      expect(pause).toBeLessThanOrEqual(least + 100);
    }
    expect(await request).toMatchObject({ httpStatus: 503 });
    expect(lime.callCount('create')).toBe(4);
  });

  it('is not retried with maxRetries 0', async () => {
    const { lime, site } = await startWith({ maxRetries: 0 });
    lime.faults.respond('create', { status: 503 });
    await failureOf(LimeError, site.createLoginRequest());
    expect(lime.callCount('create')).toBe(1);
  });

  it.each<[string, (now: number) => string, number]>([
    ['seconds', () => '3', 3_000],
    ['a date', (now) => new Date(now + 8_000).toUTCString(), 7_000],
    ['more than half a minute', () => '3600', 30_000],
    ['a date that is far away', () => 'Thu, 01 Jan 2099 00:00:00 GMT', 30_000],
    ['less than the pause would be', () => '0', 250],
    ['something that cannot be read', () => 'soon', 250],
  ])('is retried after the delay of Retry-After with %s', async (_, header, least) => {
    const { clock, lime, site, passPause } = await startWith();
    const headers = { 'retry-after': header(clock.now()) };
    lime.faults.respond('create', { status: 429, headers });
    const request = site.createLoginRequest();
    const pause = await passPause();
    expect(pause).toBeGreaterThanOrEqual(least);
    expect(pause).toBeLessThanOrEqual((least + 1_000) * 1.1);
    await expect(request).resolves.toBeDefined();
  });

  it('honours Retry-After of a 503 too', async () => {
    const { lime, site, passPause } = await startWith();
    lime.faults.respond('create', { status: 503, headers: { 'retry-after': '5' } });
    const request = site.createLoginRequest();
    expect(await passPause()).toBeGreaterThanOrEqual(5_000);
    await request;
  });

  it('is retried while LIME cannot check the site token, and then fails with SiteAuthUnavailableError', async () => {
    const { lime, site, passPause } = await startWith({ maxRetries: 2 });
    lime.faults.refuse('create', 'SITE_TOKEN_AUTH_UNAVAILABLE', { times: 3 });
    const work = failureOf(SiteAuthUnavailableError, site.createLoginRequest());
    await passPause();
    await passPause();
    const error = await work;
    expect(error).toBeInstanceOf(ApiError);
    expect(error).not.toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({
      name: 'SiteAuthUnavailableError',
      code: 'SITE_TOKEN_AUTH_UNAVAILABLE',
      httpStatus: 503,
    });
    expect(lime.callCount('create')).toBe(3);
  });

  it.each(['status', 'create', 'binding', 'exchange'] as const)(
    'is retried while LIME cannot check the site token, and then succeeds: %s',
    async (target) => {
      const { lime, site, passPause } = await startWith();
      const redirectUri = 'https://shop.example/callback';
      const { bindingId } = await site.createBindingRequest({ redirectUri });
      const calls = {
        status: () => site.getLoginRequest(lime.createLoginRequest().requestId),
        create: () => site.createLoginRequest(),
        binding: () => site.createBindingRequest({ redirectUri }),
        exchange: async () =>
          site.exchangeBindingCode((await lime.completeBinding(bindingId)).code),
      };
      lime.faults.refuse(target, 'SITE_TOKEN_AUTH_UNAVAILABLE');
      const work = calls[target]();
      await passPause();
      await expect(work).resolves.toBeDefined();
    },
  );

  it('creates one request when the answer was lost, because all tries carry one idempotency key', async () => {
    const { lime, site, passPause } = await startWith();
    lime.faults.loseAnswer('create', 2);
    const request = site.createLoginRequest();
    await passPause();
    await passPause();
    const { requestId } = await request;
    expect(lime.requests().map((one) => one.requestId)).toEqual([requestId]);
    const creates = lime.calls.filter(({ target }) => target === 'create');
    expect(new Set(creates.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(creates).toHaveLength(3);
  });

  it('is retried with a debug line that names the reason, without the site token', async () => {
    const { lime, site, logs, passPause } = await startWith();
    lime.faults.respond('create', { status: 500, body: `no ${lime.siteToken}` });
    const request = site.createLoginRequest();
    await passPause();
    await request;
    expect(logs.of('debug')).toContainEqual(
      expect.stringMatching(/HTTP 500: .*\[secret\]; retrying in \d+ ms/),
    );
    expect(logs.toString()).not.toContain(lime.siteToken);
  });

  it('fails after timeoutMs without an answer, and is not retried', async () => {
    const { clock, lime, site } = await startWith();
    lime.faults.hang('create');
    const request = failureOf(LimeError, site.createLoginRequest());
    await until(() => lime.callCount('create') === 1);
    clock.advance(TIMEOUT_MS - 1);
    expect(clock.waits).toEqual([1]);
    clock.advance(1);
    const error = await request;
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain(`${TIMEOUT_MS} ms (timeoutMs)`);
    expect(lime.callCount('create')).toBe(1);
  });

  it('fails when LIME is out of reach, and names the reason', async () => {
    const baseUrl = await closedAddress();
    const { app } = await start.app({
      imports: [
        LimeSitesModule.forRoot({ siteToken: 'st_1', baseUrl, dispatcher: false, maxRetries: 0 }),
      ],
    });
    const error = await failureOf(LimeError, app.get(LimeSiteService).createLoginRequest());
    expect(error.code).toBe('NETWORK_ERROR');
    expect(error.message).toMatch(
      /POST http:\/\/127\.0\.0\.1:\d+\/api\/v1\/modules.* ECONNREFUSED/,
    );
    expect(error.message).not.toContain('Error:');
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
