import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { Catch, Controller, Get, type INestApplication, Req, UseGuards } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  LIME_SITES_OPTIONS,
  type LimeLoginEvent,
  LimeSiteService,
  LimeSitesModule,
  type LimeSitesModuleOptions,
  Passport,
  PassportGuard,
} from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { useCleanup } from '../support/cleanup.js';
import { createKeyPair } from '../support/key-pair.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { LogFile, readings, secretsIn } from '../support/leaks.js';
import { signParts } from './support/raw-jws.js';

const SITE_TOKEN = 'st_live_5f2c9b7e41d84a06b3';

@Controller()
class Routes {
  @Get('me')
  @UseGuards(PassportGuard)
  me(@Passport('sub') sub: string) {
    return { sub };
  }

  @Get('unguarded')
  unguarded(@Passport() passport: unknown) {
    return passport;
  }
}

describe('The site token and passports', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  async function startSite(options: LimeSitesModuleOptions = {}) {
    const lime = await start.lime({ siteToken: SITE_TOKEN });
    const logs = new LogFile();
    const caught: unknown[] = [];

    @Catch()
    class Remember extends BaseExceptionFilter {
      override catch(exception: unknown, host: Parameters<BaseExceptionFilter['catch']>[1]): void {
        caught.push(exception);
        // oxlint-disable-next-line promise/valid-params -- a filter's method, no promise's
        super.catch(exception, host);
      }
    }
    const given = {
      ...lime.moduleOptions(),
      maxRetries: 0,
      sseBackoffBaseMs: 5,
      sseBackoffMaxMs: 50,
      ...options,
    };
    const module = await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot(given)],
      controllers: [Routes],
      providers: [{ provide: APP_FILTER, useClass: Remember }],
    })
      .setLogger(logs)
      .compile();
    const app: INestApplication = module.createNestApplication({ logger: logs });
    closeLater(() => app.close());
    await app.listen(0, '127.0.0.1');
    return { lime, logs, caught, app, url: await app.getUrl(), site: app.get(LimeSiteService) };
  }

  const shown = (text: string, ...passports: string[]) =>
    secretsIn(text, {
      'the site token': SITE_TOKEN,
      ...Object.fromEntries(passports.map((jwt, index) => [`passport ${index}`, jwt])),
    });

  it('are in no log line, error, event or object of a site that goes through every fault', async () => {
    const { lime, logs, caught, app, url, site } = await startSite({ shutdownTimeoutMs: 20 });
    const collected: unknown[] = [];
    const collect = (value: unknown) => void collected.push(value);
    const passports: string[] = [];
    const sign = async (...args: Parameters<LimeSandbox['signPassport']>) => {
      const jwt = await lime.signPassport(...args);
      passports.push(jwt);
      return jwt;
    };
    site.rejections$.subscribe(collect);
    // The passport of an event is readable but not enumerable; see below.
    site.loginEvents$.subscribe((event) => collect([inspect(event), { ...event }]));
    site.connection$.subscribe(collect);
    for (const complain of COMPLAINTS) {
      site.onLogin(({ passport }) => {
        if (passport !== null) throw complain(passport);
      });
    }
    await lime.whenStreamOpen();

    // A login whose handlers fail with its passport in their errors.
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    passports.push(passport);
    await until(() => site.stats.handlerErrors === COMPLAINTS.length);

    // A stream that sends the secrets in every kind of frame.
    const expired = await sign(
      { request_id: 'lr_2' },
      { issuedAt: new Date(Date.now() - 600_000) },
    );
    const forged = await sign({}, { kid: SITE_TOKEN, alg: 'RS384' });
    const approve = (login_request_id: string, agent_passport_jwt: unknown) =>
      lime.send({ type: 'approved', login_request_id, agent_passport_jwt });
    approve('lr_1', await sign({ request_id: passport }));
    approve('lr_2', expired);
    approve('lr_3', forged);
    approve('lr_4', await sign({ aud: passport }));
    approve('lr_5', `${passport}.${passport}`);
    approve('lr_6', { jwt: passport });
    lime.send({ type: 'error', code: SITE_TOKEN, message: `bad ${SITE_TOKEN} or ${passport}` });
    lime.send({ type: passport });
    lime.send({ type: SITE_TOKEN });
    lime.send({ type: 'expired', login_request_id: null, passport });
    lime.send(`data: ${passport} ${SITE_TOKEN}\n\n`);
    await until(() => site.stats.rejected === 5);

    // Refusals of every kind.
    const refused = [
      forged,
      expired,
      `${passport}=`,
      ` ${passport}`,
      `${passport.slice(0, -4)}AAAA`,
      await sign({ aud: [passport] }),
      await sign({ sub: { [passport]: passport } }),
      await sign({ exp: passport }),
      await sign({}, { ttlSeconds: 999 }),
      await sign({}, { issuedAt: new Date(Date.now() + 600_000) }),
      await sign({}, { kid: passport }),
    ];
    for (const jwt of refused) await site.verifyPassport(jwt).catch(collect);
    await site.verifyPassport(passport, { expectedRequestId: passport }).catch(collect);
    await site.verifyBindingPassport(passport).catch(collect);
    await site.createBindingRequest({ redirectUri: `no address: ${passport}` }).catch(collect);

    // A platform that repeats the secrets in every kind of failure.
    const echo = { token: SITE_TOKEN, passport, list: [SITE_TOKEN, { [SITE_TOKEN]: passport }] };
    const message = `X-Site-Token: ${SITE_TOKEN}, passport=${passport}`;
    for (const status of [400, 401, 403, 404, 409, 418, 429, 500, 503]) {
      const error = { code: SITE_TOKEN, message, detail: echo };
      lime.faults.respond('create', { status, body: { ok: false, error } });
      await site.createLoginRequest().catch(collect);
      lime.faults.respond('create', { status, body: `<html>${message}</html>` });
      await site.createLoginRequest().catch(collect);
    }
    for (const body of [{ ok: true, data: echo }, { ok: true }, message, [echo]]) {
      lime.faults.respond('create', { status: 200, body });
      await site.createLoginRequest().catch(collect);
    }
    const headers = { location: `https://shop.example/?token=${SITE_TOKEN}&passport=${passport}` };
    lime.faults.respond('create', { status: 302, headers });
    await site.createLoginRequest().catch(collect);
    lime.faults.reset('create');
    await site.createLoginRequest().catch(collect);
    await site.getLoginRequest(passport).catch(collect);

    // Guards, and a route without one.
    const get = (path: string, jwt: string) =>
      fetch(`${url}/${path}`, { headers: { authorization: `Bearer ${jwt}` } });
    expect((await get('me', passport)).status).toBe(200);
    for (const jwt of [expired, forged, `${passport}.x`, await sign({ request_id: 'lr_else' })]) {
      const answer = await get('me', jwt);
      expect(answer.status).toBe(401);
      collect(await answer.text());
    }
    expect((await get('unguarded', passport)).status).toBe(500);

    // Outages of the JWKS and of the stream, and a shutdown, in the middle of a login.
    lime.faults.respond('jwks', { status: 500, body: message, times: Infinity });
    lime.faults.respond('events', { status: 401, body: message, times: Infinity });
    await site.verifyPassport(await sign({}, { kid: 'new' })).catch(collect);
    site.onLogin(() => new Promise(() => undefined));
    const last = await site.createLoginRequest();
    passports.push((await lime.approve(last.requestId)).passport);
    await until(() => site.stats.delivered === 2);
    lime.faults.dropStreams();
    await until(() => site.connection.state === 'unauthorized');
    collect(site.connection);
    collect(site.stats);
    await app.close();

    expect(logs.size).toBeGreaterThan(20);
    expect(collected.length).toBeGreaterThan(30);
    expect(caught.length).toBeGreaterThan(4);
    expect(shown(logs.toString(), ...passports)).toEqual([]);
    for (const value of [...collected, ...caught]) {
      expect(shown(readings(value), ...passports)).toEqual([]);
    }
  });

  it.each<[string, (passport: string) => string]>([
    ['behind an escaped line end', (jwt) => JSON.stringify(`passport:\n${jwt}`)],
    ['behind an escaped tab', (jwt) => JSON.stringify({ passport: `\t${jwt}` })],
    ['in an encoded address', (jwt) => `/login?next=${encodeURIComponent(`/cb?passport=${jwt}`)}`],
    ['in an address that is encoded twice', (jwt) => `next=%252Fcb%253Fpassport%253D${jwt}`],
    ['behind an underscore', (jwt) => `passport_${jwt}`],
    ['behind a letter', (jwt) => `x${jwt}`],
    ['twice in a row', (jwt) => `${jwt}${jwt}`],
    ['in quotes', (jwt) => `'${jwt}'`],
    ['with a dot behind it', (jwt) => `${jwt}.`],
  ])('are redacted in the log of a handler that fails with a passport %s', async (_, write) => {
    const { lime, logs, site } = await startSite();
    await lime.whenStreamOpen();
    site.onLogin(({ passport }) => {
      throw new Error(write(String(passport)));
    });
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    await until(() => site.stats.handlerErrors === 1);
    expect(logs.toString()).toContain(requestId);
    expect(shown(logs.toString(), passport)).toEqual([]);
  });

  it('are redacted for every spelling of the header of a passport', async () => {
    const { lime, logs, site } = await startSite();
    await lime.whenStreamOpen();
    const { privateKey } = createKeyPair('other');
    const passports = ['{ "alg":"RS256","kid":"k"}', '{\n "alg":"RS256","kid":"k"}'].map((header) =>
      signParts(header, { sub: 'a' }, privateKey),
    );
    site.onLogin(() => {
      throw new Error(passports.join(' '));
    });
    const { requestId } = await site.createLoginRequest();
    await lime.approve(requestId);
    await until(() => site.stats.handlerErrors === 1);
    expect(shown(logs.toString(), ...passports)).toEqual([]);
  });

  it('are redacted in linear time in any text', async () => {
    const { lime, site } = await startSite({ dispatcher: false });
    const jwt = await lime.signPassport();
    for (const piece of ['-eyJaaaa', '.eyJaaaa', 'eyJaaaa.', 'eyJ', 'e', '-', '.']) {
      const expectedRequestId = piece.repeat(Math.ceil(100_000 / piece.length));
      const startedAt = performance.now();
      await site.verifyPassport(jwt, { expectedRequestId }).catch(() => undefined);
      expect(performance.now() - startedAt).toBeLessThan(500);
    }
  });

  it('are redacted before a frame is shortened', async () => {
    const { lime, logs, site } = await startSite();
    await lime.whenStreamOpen();
    const half = SITE_TOKEN.slice(0, -4);
    lime.send({ type: 'error', code: 'X', message: 'x'.repeat(200 - half.length) + SITE_TOKEN });
    lime.send({ type: 'x'.repeat(200 - half.length) + SITE_TOKEN });
    lime.send({ type: 'expired', login_request_id: 'lr_last' });
    await until(() => site.stats.received === 1);
    expect(secretsIn(logs.toString(), { 'half of the site token': half })).toEqual([]);
  });

  it('are redacted before an option is shortened', async () => {
    const half = SITE_TOKEN.slice(0, -4);
    const filler = 'x'.repeat(79 - half.length);
    const options = { siteToken: SITE_TOKEN, baseUrl: filler + SITE_TOKEN };
    const error: unknown = await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot(options)],
    })
      .compile()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(secretsIn(readings(error), { 'half of the site token': half })).toEqual([]);
  });

  it('are in no error of wrong options', async () => {
    const wrong: object[] = [
      { siteToken: `${SITE_TOKEN} ${SITE_TOKEN}` },
      { siteToken: [SITE_TOKEN] },
      { siteToken: SITE_TOKEN, baseUrl: SITE_TOKEN },
      { siteToken: SITE_TOKEN, baseUrl: `https://${SITE_TOKEN}@shop.example` },
      { siteToken: SITE_TOKEN, baseUrl: `${SITE_TOKEN}://shop.example` },
      { siteToken: SITE_TOKEN, baseUrl: `http://shop.example/?${SITE_TOKEN}` },
      { siteToken: SITE_TOKEN, timeoutMs: SITE_TOKEN },
      { siteToken: SITE_TOKEN, dispatcher: SITE_TOKEN },
      { siteToken: SITE_TOKEN, [SITE_TOKEN]: 1 },
      { siteToken: SITE_TOKEN, concurrency: { toString: () => SITE_TOKEN } },
    ];
    for (const options of wrong) {
      const error: unknown = await Test.createTestingModule({
        imports: [LimeSitesModule.forRoot(options)],
      })
        .compile()
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(shown(readings(error))).toEqual([]);
    }
  });

  it('are in no error of a call with the site token in place of an id', async () => {
    const { site } = await startSite({ dispatcher: false });
    const error: unknown = await site
      .getLoginRequest(SITE_TOKEN)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SITE_LOGIN_REQUEST_NOT_FOUND' });
    expect(shown(readings(error))).toEqual([]);
  });

  it('are in no error of an answer that is not HTTP', async () => {
    const server = createServer((socket) => {
      socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\n${SITE_TOKEN} no header\r\n\r\n`));
    });
    closeLater(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { logs, site } = await startSite({ baseUrl, dispatcher: false });
    const error: unknown = await site.createLoginRequest().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(shown(readings(error))).toEqual([]);
    expect(shown(logs.toString())).toEqual([]);
  });

  it('are in no property of the module', async () => {
    const { app, site } = await startSite({ dispatcher: false });
    expect(shown(readings(site))).toEqual([]);
    const looked: unknown[] = [];
    for (const [, module] of app.get(ModulesContainer)) {
      if (module.metatype !== LimeSitesModule) continue;
      for (const [token, { instance }] of module.providers) {
        const own = token === LimeSiteService || String(token).startsWith('LIME_SITES_');
        if (!own || token === LIME_SITES_OPTIONS) continue;
        expect(shown(readings(instance))).toEqual([]);
        looked.push(token);
      }
    }
    expect(looked.length).toBeGreaterThanOrEqual(4);
  });

  it('are not in any printed form of an event', async () => {
    const { lime, site } = await startSite();
    await lime.whenStreamOpen();
    const events: LimeLoginEvent[] = [];
    site.loginEvents$.subscribe((event) => events.push(event));
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    await until(() => events.length === 1);
    expect(events[0]?.passport).toBe(passport);
    expect(shown(readings(events), passport)).toEqual([]);
    expect(shown(readings({ ...events[0] }), passport)).toEqual([]);
    expect(shown(readings(structuredClone(events)), passport)).toEqual([]);
  });

  it('are not in a guarded request, to which the guard adds only claims', async () => {
    const requests: object[] = [];

    @Controller('seen')
    @UseGuards(PassportGuard)
    class SeenRoutes {
      @Get()
      seen(@Req() request: object) {
        requests.push(request);
        return {};
      }
    }
    const { lime, site, url } = await start.site({
      sandbox: { siteToken: SITE_TOKEN },
      options: { dispatcher: false },
      controllers: [SeenRoutes],
    });
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    const answer = await fetch(`${url}/seen`, { headers: { authorization: `Bearer ${passport}` } });
    expect(answer.status).toBe(200);
    const [request = {}] = requests;
    const left = Object.getOwnPropertySymbols(request).filter((symbol) =>
      String(symbol).includes('lime-sites'),
    );
    expect(left).toHaveLength(1);
    for (const symbol of left) {
      expect(Object.getOwnPropertyDescriptor(request, symbol)?.enumerable).toBe(false);
      expect(shown(readings(Reflect.get(request, symbol)), passport)).toEqual([]);
    }
  });
});

/** Values that handlers throw, each with the passport in it. */
const COMPLAINTS: ((passport: string) => unknown)[] = [
  (jwt) => new Error(`cannot store ${jwt}`),
  (jwt) => new Error('cannot store it', { cause: new Error(jwt) }),
  (jwt) => new AggregateError([new Error(jwt)], `all failed for ${jwt}`),
  (jwt) => Object.assign(new Error('cannot store it'), { passport: jwt }),
  (jwt) => `cannot store ${jwt}`,
  (jwt) => ({ passport: jwt, nested: { list: [jwt, `Bearer ${jwt}`] } }),
  (jwt) => new Map([[jwt, jwt]]),
  () => new Error(`the token is ${SITE_TOKEN}`),
  () => ({ headers: { 'x-site-token': SITE_TOKEN } }),
  () => undefined,
];
