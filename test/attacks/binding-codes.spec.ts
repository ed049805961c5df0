import { type AddressInfo, createServer } from 'node:net';
import { Catch, Controller, Get, UseGuards } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  LIME_SITES_CLOCK,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
  Passport,
  PassportPolicy,
  RateLimitError,
} from 'nestjs-lime-sites';
import { Agent, type Dispatcher } from 'undici';
import { useCleanup } from '../support/cleanup.js';
import { failureOf } from '../support/failure-of.js';
import { LogFile, readings, secretsIn } from '../support/leaks.js';
import { ManualClock } from '../support/manual-clock.js';
import { someJwks } from '../support/shared-key.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

@Controller('bind')
@UseGuards(BindingPassportGuard)
class Callbacks {
  @Get()
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('for/:id')
  @PassportPolicy({ requestId: { param: 'id' } })
  forOne() {
    return {};
  }
}

describe.each(HTTP_PLATFORMS)('A flood of made-up binding codes on %s', (platform) => {
  const start = useStarter();

  async function startSite() {
    const clock = new ManualClock();
    const setup = { platform, clock, controllers: [Callbacks], options: { dispatcher: false } };
    const started = await start.site(setup);
    await until(() => started.lime.callCount('jwks') === 1 && clock.waits.length === 0);
    let made = 0;
    const flood = async (count: number) => {
      const answers = await Promise.all(
        Array.from({ length: count }, async () => {
          const { status } = await fetch(`${started.url}/bind?binding_code=made-up-${made++}`);
          return status;
        }),
      );
      const of = (wanted: number) => answers.filter((status) => status === wanted).length;
      return { refused: of(401), postponed: of(503) };
    };
    return { ...started, clock, flood };
  }

  it('causes at most 50 calls to LIME, and one warning', async () => {
    const { lime, logs, flood } = await startSite();
    expect(await flood(500)).toEqual({ refused: 50, postponed: 450 });
    expect(lime.callCount('exchange')).toBe(50);
    const warnings = logs.of('warn').filter((line) => line.includes('Binding codes'));
    expect(warnings).toHaveLength(1);
  });

  it('causes one call a second after that, and no second warning', async () => {
    const { lime, logs, clock, flood } = await startSite();
    await flood(60);
    for (let second = 1; second <= 5; second++) {
      clock.advance(999);
      expect(await flood(5)).toEqual({ refused: 0, postponed: 5 });
      clock.advance(1);
      expect(await flood(5)).toEqual({ refused: 1, postponed: 4 });
      expect(lime.callCount('exchange')).toBe(50 + second);
    }
    const warnings = logs.of('warn').filter((line) => line.includes('Binding codes'));
    expect(warnings).toHaveLength(1);
  });

  it('causes 50 calls and a warning again after a minute of rest', async () => {
    const { lime, logs, clock, flood } = await startSite();
    await flood(60);
    clock.advance(60_000);
    expect(await flood(60)).toEqual({ refused: 50, postponed: 10 });
    expect(lime.callCount('exchange')).toBe(100);
    const warnings = logs.of('warn').filter((line) => line.includes('Binding codes'));
    expect(warnings).toHaveLength(2);
  });

  it('does not use a good code, which is accepted a second later', async () => {
    const { lime, site, url, clock, flood } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind` });
    const { callbackUrl, code } = await lime.completeBinding(bindingId);
    await flood(60);
    const answer = await fetch(callbackUrl);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'lime_unavailable' });
    const error = await failureOf(RateLimitError, site.exchangeBindingCode(code));
    expect(error).toMatchObject({ code: 'BINDING_EXCHANGE_LIMIT', retryAfterMs: 1_000 });
    clock.advance(1_000);
    const again = await fetch(callbackUrl);
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual({ bindingId });
    expect(lime.callCount('exchange')).toBe(51);
  });

  it('causes no call to LIME where the route names a binding that this site did not start', async () => {
    const { lime, url } = await startSite();
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const { status } = await fetch(`${url}/bind/for/elsewhere?binding_code=made-up-${index}`);
        return status;
      }),
    );
    expect(statuses).toEqual(Array(60).fill(401));
    expect(lime.callCount('exchange')).toBe(0);
  });
});

describe('Good binding codes', () => {
  const start = useStarter();

  it('do not count towards the bound in any number', async () => {
    const { lime, site } = await start.site({ options: { dispatcher: false } });
    for (let count = 0; count < 120; count++) {
      const { bindingId } = await site.createBindingRequest({ redirectUri: 'https://a.example/' });
      const { code } = await lime.completeBinding(bindingId);
      const { claims } = await site.exchangeBindingCode(code);
      expect(claims.binding_id).toBe(bindingId);
    }
    expect(lime.callCount('exchange')).toBe(120);
  });
});

describe('A binding code', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  async function startSite(options: LimeSitesModuleOptions = {}) {
    const lime = await start.lime();
    const logs = new LogFile();
    const clock = new ManualClock();
    const caught: unknown[] = [];

    @Catch()
    class Remember extends BaseExceptionFilter {
      override catch(exception: unknown, host: Parameters<BaseExceptionFilter['catch']>[1]): void {
        caught.push(exception);
        // oxlint-disable-next-line promise/valid-params -- a filter's method, no promise's
        super.catch(exception, host);
      }
    }
    const given = { ...lime.moduleOptions(), dispatcher: false, ...options };
    const module = await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot(given)],
      controllers: [Callbacks],
      providers: [{ provide: APP_FILTER, useClass: Remember }],
    })
      .setLogger(logs)
      .overrideProvider(LIME_SITES_CLOCK)
      .useValue(clock)
      .compile();
    const app = module.createNestApplication({ logger: logs });
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    const site = app.get(LimeSiteService);
    const url = await app.getUrl();
    const codes: string[] = [];
    const complete = async (): Promise<string> => {
      const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind` });
      const { code } = await lime.completeBinding(bindingId);
      codes.push(code);
      return code;
    };
    /** Exchanges a code by the guard and by the service. Both wait without a limit. */
    const exchange = async (code: string): Promise<unknown> => {
      const answered = fetch(`${url}/bind?binding_code=${code}`).then((answer) => answer.text());
      const text = await withTime(clock, answered);
      const outcome = site.exchangeBindingCode(code).catch((error: unknown) => error);
      return [text, await withTime(clock, outcome)];
    };
    return { lime, logs, clock, caught, site, url, codes, complete, exchange };
  }

  const shown = (value: unknown, codes: readonly string[]) => {
    const secrets = Object.fromEntries(codes.map((code, index) => [`code ${index}`, code]));
    return secretsIn(typeof value === 'string' ? value : readings(value), secrets);
  };

  it('is in no log line, error or cause, also when the platform repeats it', async () => {
    const { lime, logs, caught, codes, complete, exchange } = await startSite();
    const collected: unknown[] = [];
    for (const status of [400, 401, 403, 404, 408, 409, 429, 500, 502, 503]) {
      const code = await complete();
      const echo = { binding_code: code, list: [code, { [code]: `code=${code}` }] };
      const error = { code, message: `bad binding_code ${code}`, detail: echo };
      for (const body of [{ ok: false, error }, `<html>binding_code=${code}</html>`]) {
        lime.faults.respond('exchange', { status, body, times: Infinity });
        collected.push(await exchange(code));
        lime.faults.clear();
      }
    }
    for (const data of [{}, { passport: null }, { passport: ['?'] }, { passport: '?' }]) {
      const code = await complete();
      const body = JSON.stringify({ ok: true, data: { ...data, code } }).replaceAll('?', code);
      lime.faults.respond('exchange', { status: 200, body, times: Infinity });
      collected.push(await exchange(code));
      lime.faults.clear();
    }
    const redirected = await complete();
    const location = `https://shop.example/?binding_code=${redirected}`;
    lime.faults.respond('exchange', { status: 302, headers: { location }, times: Infinity });
    collected.push(await exchange(redirected));
    lime.faults.clear();

    // Used, used again, refused, and interrupted.
    const used = await complete();
    collected.push(await exchange(used));
    collected.push(await exchange(`${used}x`));
    codes.push(`${used}x`);
    lime.faults.reset('exchange', 2);
    collected.push(await exchange(await complete()));

    expect(caught.length).toBeGreaterThanOrEqual(25);
    expect(logs.size).toBeGreaterThan(20);
    expect(shown(logs.toString(), codes)).toEqual([]);
    for (const value of [...collected, ...caught]) expect(shown(value, codes)).toEqual([]);
  });

  it('is in no log line, error or cause when the HTTP client repeats it', async () => {
    const agent = new Agent();
    closeLater(() => agent.close());
    const httpClient = agent.compose((dispatch) => (request, handler) => {
      if (request.path.endsWith('/exchange')) throw requestError(request);
      return dispatch(request, handler);
    });
    const { logs, caught, codes, complete, exchange } = await startSite({ httpClient });
    const outcome = await exchange(await complete());
    expect(outcome).toEqual([
      expect.stringContaining('lime_unavailable'),
      expect.objectContaining({ code: 'NETWORK_ERROR' }),
    ]);
    expect(caught).toHaveLength(1);
    expect(shown(logs.toString(), codes)).toEqual([]);
    for (const value of [outcome, ...caught]) expect(shown(value, codes)).toEqual([]);
  });

  it.each<[string, (code: string) => string]>([
    ['is not HTTP', (code) => `HTTP/1.1 200 OK\r\n${code} no header\r\n\r\n`],
    [
      'breaks its chunked framing',
      (code) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\nzz${code}\r\n`,
    ],
    ['ends too early', (code) => `HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"ok":"${code}`],
  ])('is in no log line, error or cause when the answer %s', async (_, answer) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        const request = data.toString();
        const [, code] = /"binding_code":"([^"]+)"/.exec(request) ?? [];
        if (code !== undefined) socket.end(answer(code));
        else if (request.includes('/jwks.json'))
          socket.end(
            `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(someJwks)}\r\n\r\n${someJwks}`,
          );
      });
    });
    closeLater(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { logs, caught, codes, exchange } = await startSite({ baseUrl });
    codes.push('c0de-5f2c9b7e41d84a06b3c8e2');
    const outcome = await exchange('c0de-5f2c9b7e41d84a06b3c8e2');
    expect(outcome).toEqual([
      expect.stringContaining('lime_unavailable'),
      expect.objectContaining({ code: 'NETWORK_ERROR' }),
    ]);
    expect(caught).toHaveLength(1);
    expect(shown(logs.toString(), codes)).toEqual([]);
    for (const value of [outcome, ...caught]) expect(shown(value, codes)).toEqual([]);
  });
});

/** An error of a careless HTTP client, which contains the whole request. */
function requestError({ body, ...request }: Dispatcher.DispatchOptions): Error {
  const text = typeof body === 'string' ? body : '';
  return Object.assign(new Error(`cannot send ${text}`, { cause: new Error(text) }), {
    code: 'ECLIENT',
    request: { ...request, body: text },
    headers: [text],
  });
}

/** Advances the clock until the work is done. */
async function withTime<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let done = false;
  void work.finally(() => (done = true));
  await until(() => {
    // Retries wait for less than five seconds. Timeouts of calls in progress must not end.
    const [next = Infinity] = clock.waits;
    if (!done && next < 5_000) clock.advance(next);
    return done;
  });
  return work;
}
