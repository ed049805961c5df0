import {
  Controller,
  Get,
  type INestApplication,
  ServiceUnavailableException,
} from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { describe, expect, it } from '@jest/globals';
import { LimeError, LimeSiteService, OnLimeLogin, type LimeLoginEvent } from 'nestjs-lime-sites';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const GRACE_PERIOD_MS = 500;

/** A route that starts logins, and a handler that ends when the test says so. */
@Controller()
class Logins {
  draining = false;
  readonly started: string[] = [];
  readonly handled: string[] = [];
  finish: () => void = () => undefined;

  constructor(private readonly site: LimeSiteService) {}

  @Get('ready')
  ready() {
    if (this.draining) throw new ServiceUnavailableException('draining');
    return 'ready';
  }

  @Get('logins')
  async start() {
    const { requestId } = await this.site.createLoginRequest().catch((error: unknown) => {
      throw new ServiceUnavailableException(error instanceof LimeError ? error.code : error);
    });
    return { requestId };
  }

  @OnLimeLogin('approved')
  async onLogin({ requestId }: LimeLoginEvent) {
    this.started.push(requestId);
    await new Promise<void>((resolve) => (this.finish = resolve));
    this.handled.push(requestId);
  }
}

/** Closes the application as Nest does after this signal. The types of `close()` leave the signal out. */
function closeOn(signal: string, app: INestApplication): Promise<void> {
  const close: (signal: string) => Promise<void> = app.close;
  return close.call(app, signal);
}

const start = useStarter();

async function startSite() {
  const started = await start.site({
    imports: [
      TerminusModule.forRoot({ gracefulShutdownTimeoutMs: GRACE_PERIOD_MS, logger: false }),
    ],
    controllers: [Logins],
  });
  await started.lime.whenStreamOpen();
  return { ...started, logins: started.app.get(Logins) };
}

async function startLogin(url: string) {
  const answer = await fetch(`${url}/logins`);
  const body = (await answer.json()) as { requestId?: string; message?: string };
  return { status: answer.status, ...body };
}

describe('A grace period of @nestjs/terminus before the shutdown', () => {
  it('keeps HTTP open and refuses new logins with SHUTTING_DOWN, while logins in flight are handled', async () => {
    const { app, lime, site, url, logins } = await startSite();
    const { requestId = '' } = await startLogin(url);
    await lime.approve(requestId);
    await until(() => logins.started.length === 1);

    const closed = closeOn('SIGTERM', app);
    await until(() => site.connection.state === 'closed');
    const duringHandler = await startLogin(url);
    logins.finish();
    await until(() => logins.handled.length === 1);
    const duringGracePeriod = await startLogin(url);
    await closed;

    const refused = { status: 503, message: 'SHUTTING_DOWN' };
    expect(duringHandler).toMatchObject(refused);
    expect(duringGracePeriod).toMatchObject(refused);
    expect(logins.handled).toEqual([requestId]);
    expect(lime.callCount('create')).toBe(1);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});

describe('Draining before the shutdown', () => {
  it('lets agents approve the pending logins while the load balancer sends new visitors elsewhere', async () => {
    const { app, lime, url, logins } = await startSite();
    const { requestId = '' } = await startLogin(url);
    expect((await fetch(`${url}/ready`)).status).toBe(200);

    logins.draining = true;
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    await lime.approve(requestId);
    await until(() => logins.started.length === 1);
    const closed = app.close();
    logins.finish();
    await closed;

    expect(logins.handled).toEqual([requestId]);
  });
});
