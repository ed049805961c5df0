import { Controller, Get, type Provider, Query } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
} from '@nestjs/terminus';
import { describe, expect, it } from '@jest/globals';
import {
  getLimeSiteServiceToken,
  LimeError,
  type LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import { LimeSitesHealthIndicator } from 'nestjs-lime-sites/terminus';
import { clusterThatIs } from '../support/cluster-stand-in.js';
import { ManualClock } from '../support/manual-clock.js';
import { type StartedApp, type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const SECOND = 1_000;

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly lime: LimeSitesHealthIndicator,
  ) {}

  @HealthCheck()
  @Get('health')
  check(@Query('site') site?: string, @Query('idle') idle?: string) {
    const maxIdleMs = idle === undefined ? undefined : Number(idle);
    return this.health.check([() => this.lime.isHealthy('lime', { site, maxIdleMs })]);
  }
}

const HEALTH = {
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [LimeSitesHealthIndicator] as Provider[],
};

/** Probes the health check: its HTTP status, the overall status, and the result for LIME. */
async function probe({ url }: StartedApp, query = '') {
  const response = await fetch(`${url}/health${query}`);
  const body = (await response.json()) as {
    status: string;
    message?: string;
    details?: { lime?: Record<string, unknown> };
  };
  return { http: response.status, overall: body.status, lime: body.details?.lime ?? {} };
}

describe('The health indicator', () => {
  const start = useStarter();

  /** A site with an open stream on a manual clock. */
  async function startOnManualClock(options: LimeSitesModuleOptions = {}) {
    const clock = new ManualClock();
    const lime = await start.lime({ keepaliveMs: 0 });
    const started = await start.site({ ...HEALTH, lime, clock, options });
    await whenState(started, 'open');
    return { ...started, clock };
  }

  const whenState = ({ site }: StartedSite, state: string) =>
    until(() => site.connection.state === state);

  it('is up while the event stream is open', async () => {
    const started = await start.site(HEALTH);
    await whenState(started, 'open');
    const { http, overall, lime } = await probe(started);
    expect({ http, overall }).toEqual({ http: 200, overall: 'ok' });
    expect(lime).toMatchObject({
      status: 'up',
      state: 'open',
      since: started.site.connection.since.toISOString(),
    });
  });

  it('is degraded, and answers 200, during the first attempt', async () => {
    const lime = await start.lime();
    lime.faults.hang('events', Infinity);
    const started = await start.site({ ...HEALTH, lime });
    await whenState(started, 'connecting');
    const answer = await probe(started);
    expect(answer).toMatchObject({ http: 200, overall: 'degraded' });
    expect(answer.lime).toMatchObject({ status: 'degraded', state: 'connecting', attempt: 1 });
  });

  it('is degraded, and answers 200, while the stream reconnects', async () => {
    const started = await start.site(HEALTH);
    await whenState(started, 'open');
    started.lime.faults.respond('events', { status: 503, times: Infinity });
    started.lime.faults.dropStreams();
    await until(() => started.site.connection.attempt > 0);
    const answer = await probe(started);
    expect(answer).toMatchObject({ http: 200, overall: 'degraded' });
    expect(answer.lime).toMatchObject({ status: 'degraded', state: 'reconnecting' });
    expect(answer.lime['error']).toEqual(expect.any(String));
  });

  it('is down when the stream cannot reconnect for longer than maxIdleMs, and up once it has', async () => {
    const started = await startOnManualClock({ sseBackoffBaseMs: 500, sseBackoffMaxMs: 500 });
    started.lime.faults.respond('events', { status: 503, times: Infinity });
    started.lime.faults.dropStreams();
    await whenState(started, 'reconnecting');
    started.clock.advance(330 * SECOND);
    expect(await probe(started)).toMatchObject({ http: 200, overall: 'degraded' });
    started.clock.advance(1);
    const answer = await probe(started);
    expect(answer).toMatchObject({ http: 503, overall: 'error' });
    expect(answer.lime).toMatchObject({ status: 'down', state: 'reconnecting' });
    expect(answer.lime['message']).toMatch(/nothing arrived from LIME for 33\d{4} ms/);

    started.lime.faults.clear();
    await until(() => {
      started.clock.advance(500);
      return started.site.connection.state === 'open';
    });
    expect(await probe(started)).toMatchObject({ http: 200, overall: 'ok' });
  });

  it('is down when an open stream is idle for longer than maxIdleMs', async () => {
    const started = await startOnManualClock();
    started.clock.advance(60 * SECOND);
    expect(await probe(started, '?idle=60000')).toMatchObject({ http: 200, overall: 'ok' });
    started.clock.advance(1);
    const { http, lime } = await probe(started, '?idle=60000');
    expect(http).toBe(503);
    expect(lime).toMatchObject({
      status: 'down',
      state: 'open',
      message: 'nothing arrived from LIME for 60001 ms (maxIdleMs: 60000)',
    });
  });

  it.each(['{"type":"keepalive"}', ': comment'])('counts %s as a frame', async (frame) => {
    const started = await startOnManualClock();
    started.clock.advance(60 * SECOND);
    started.lime.send(frame.startsWith(':') ? Buffer.from(`${frame}\n\n`) : JSON.parse(frame));
    await until(() => started.site.connection.lastFrameAt);
    started.clock.advance(1);
    const { lime } = await probe(started, '?idle=60000');
    expect(lime).toMatchObject({ status: 'up', lastFrameAt: expect.any(String) });
  });

  it('is down while LIME refuses the site token, and shows neither the token nor the address', async () => {
    const lime = await start.lime();
    const started = await start.site({ ...HEALTH, lime, options: { siteToken: 'st_refused' } });
    await whenState(started, 'unauthorized');
    const answer = await probe(started);
    expect(answer).toMatchObject({ http: 503, overall: 'error' });
    expect(answer.lime).toMatchObject({ status: 'down', error: 'SITE_TOKEN_INVALID' });
    expect(JSON.stringify(answer)).not.toContain('st_refused');
    expect(JSON.stringify(answer)).not.toContain('127.0.0.1');
  });

  it('is up with dispatcher: false', async () => {
    const started = await start.site({ ...HEALTH, options: { dispatcher: false } });
    expect((await probe(started)).lime).toMatchObject({
      status: 'up',
      state: 'idle',
      message: 'holds no event stream',
    });
  });

  it('is down once the application shuts down', async () => {
    const { app } = await start.site(HEALTH);
    const indicator = app.get(LimeSitesHealthIndicator);
    await app.close();
    expect(await indicator.isHealthy('lime')).toMatchObject({ lime: { status: 'down' } });
  });

  it.each([
    ['up', 200, 'up'],
    ['connecting', 200, 'degraded'],
    ['down', 503, 'down'],
    ['closed', 503, 'down'],
  ] as const)('for a cluster that is %s answers %s, %s', async (state, http, status) => {
    const lastError = new LimeError('CLUSTER_UNAVAILABLE', 'connect ECONNREFUSED 10.0.0.7:6379');
    const options = { cluster: clusterThatIs({ state, since: new Date(), lastError }) };
    const started = await start.site({ ...HEALTH, options });
    await whenState(started, 'open');
    const answer = await probe(started);
    expect(answer.http).toBe(http);
    expect(answer.lime).toMatchObject({ status, state: 'open', cluster: state });
    expect(answer.lime['clusterError']).toBe(state === 'up' ? undefined : 'CLUSTER_UNAVAILABLE');
    expect(JSON.stringify(answer)).not.toContain('10.0.0.7');
  });

  it('is down when a cluster is connecting for longer than maxIdleMs', async () => {
    const since = new Date(Date.now() - 331 * SECOND);
    const options = { cluster: clusterThatIs({ state: 'connecting', since }) };
    const started = await start.site({ ...HEALTH, options });
    expect(await probe(started)).toMatchObject({ http: 503, lime: { cluster: 'connecting' } });
  });

  it('reports each site of an application', async () => {
    const [lime, shop] = await Promise.all([start.lime(), start.lime()]);
    shop.suspendSite();
    const started = await start.app({
      ...HEALTH,
      imports: [
        ...HEALTH.imports,
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'shop', ...shop.moduleOptions() }),
      ],
    });
    const stateOf = (site?: string) =>
      started.app.get<LimeSiteService>(getLimeSiteServiceToken(site)).connection.state;
    await until(() => stateOf() === 'open' && stateOf('shop') === 'unauthorized');
    expect(await probe(started)).toMatchObject({ http: 200, lime: { state: 'open' } });
    const { http, lime: result } = await probe(started, '?site=shop');
    expect(http).toBe(503);
    expect(result).toMatchObject({ state: 'unauthorized', error: 'SITE_SUSPENDED' });
  });

  it('rejects an unknown site and a maxIdleMs that is not above 0, by name', async () => {
    const { app } = await start.site(HEALTH);
    const indicator = app.get(LimeSitesHealthIndicator);
    await expect(indicator.isHealthy('lime', { site: 'shop' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('this application has no LIME site "shop"'),
    });
    for (const maxIdleMs of [0, -1, Number.NaN]) {
      await expect(indicator.isHealthy('lime', { maxIdleMs })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('maxIdleMs'),
      });
    }
  });

  it('is up with degraded: true where terminus has no degraded status, as terminus 11', async () => {
    const withoutDegraded = {
      check: (key: string) => {
        const session = new HealthIndicatorService().check(key);
        return { up: session.up.bind(session), down: session.down.bind(session) };
      },
    };
    const lime = await start.lime();
    lime.faults.hang('events', Infinity);
    const { app } = await start.site({
      lime,
      providers: [
        LimeSitesHealthIndicator,
        { provide: HealthIndicatorService, useValue: withoutDegraded },
      ],
    });
    const indicator = app.get(LimeSitesHealthIndicator);
    expect(await indicator.isHealthy('lime')).toMatchObject({
      lime: { status: 'up', degraded: true, state: 'connecting' },
    });
  });
});
