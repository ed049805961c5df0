import { request } from 'node:http';
import { Body, Controller, Get, Param, Post, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  fromBearer,
  fromCookie,
  fromHeader,
  fromQuery,
  Passport,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import type { PassportClaimOverrides } from 'nestjs-lime-sites/testing';
import { createKeyPair } from '../support/key-pair.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  HTTP_PLATFORMS,
  type StartedSite,
  useSharedSite,
  useStarter,
} from '../support/start-site.js';
import { until } from '../support/until.js';
import { encodePart, withPart } from './support/raw-jws.js';

const attacker = createKeyPair('attacker');

@Controller()
@UseGuards(PassportGuard)
class Routes {
  @Get('own')
  own(@Passport('sub') sub: string) {
    return { sub };
  }

  @Get('any')
  @PassportPolicy({ allowForeignLogins: true })
  any(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('once')
  @PassportPolicy({ singleUse: true })
  once() {
    return {};
  }

  @Get('once-denied')
  @PassportPolicy({ singleUse: true, allow: () => false })
  onceDenied() {
    return {};
  }

  @Get('staff')
  @PassportPolicy({ allow: ({ staff }) => staff as boolean })
  staff() {
    return {};
  }

  @Get('for/:id')
  @PassportPolicy({ requestId: { param: 'id' } })
  forParam(@Param('id') id: string) {
    return { id };
  }

  @Get('for')
  @PassportPolicy({ requestId: { query: 'id' } })
  forQuery() {
    return {};
  }

  @Post('for')
  @PassportPolicy({ requestId: { body: 'id' } })
  forBody(@Body('id') id: string) {
    return { id };
  }

  @Get('everywhere')
  @PassportPolicy({ from: [fromBearer(), fromHeader(), fromQuery(), fromCookie('passport')] })
  everywhere() {
    return {};
  }
}

@Controller('bind')
@UseGuards(BindingPassportGuard)
class Callback {
  @Get()
  @PassportPolicy({ singleUse: true })
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('old')
  @PassportPolicy({ singleUse: true, from: fromQuery('passport') })
  old() {
    return {};
  }
}

describe.each(HTTP_PLATFORMS)('A guarded route on %s', (platform) => {
  const setup = { platform, controllers: [Routes, Callback], options: { dispatcher: false } };
  const start = useStarter();
  const sharedClock = new ManualClock();
  const shared = useSharedSite({ ...setup, clock: sharedClock });

  /** The shared site, or a new one for a test that turns the clock or counts calls. */
  async function startSite(ownClock?: ManualClock) {
    const clock = ownClock ?? sharedClock;
    const started = ownClock ? await start.site({ ...setup, clock }) : shared();
    await until(() => started.lime.callCount('jwks') > 0 && clock.waits.length === 0);
    const sign = (claims: PassportClaimOverrides = {}, overrides = {}) =>
      started.lime.signPassport(claims, { issuedAt: new Date(clock.now()), ...overrides });
    /** A passport of a login that this site started. */
    const logIn = async (claims: PassportClaimOverrides = {}) => {
      const { requestId } = await started.site.createLoginRequest();
      return { requestId, passport: await sign({ request_id: requestId, ...claims }) };
    };
    const get = (path: string, passport?: string, headers: Record<string, string> = {}) =>
      fetch(`${started.url}/${path}`, {
        headers: {
          ...(passport !== undefined && { authorization: `Bearer ${passport}` }),
          ...headers,
        },
      });
    const statusOf = async (...args: Parameters<typeof get>) => (await get(...args)).status;
    return { ...started, clock, sign, logIn, get, statusOf };
  }

  it('refuses every forgery in the same words, also with allowForeignLogins', async () => {
    const { lime, url, sign, get } = await startSite();
    const genuine = await sign();
    const kid = String(lime.publishedKeys().keys[0]?.kid);
    const unsigned = (header: object) => withPart(genuine, 'header', () => encodePart(header));
    const forgeries = [
      unsigned({ alg: 'none', kid }),
      withPart(unsigned({ alg: 'none', kid }), 'signature', () => ''),
      await sign(
        {},
        { alg: 'HS256', key: Buffer.from(JSON.stringify(lime.publishedKeys().keys[0])) },
      ),
      await sign({}, { alg: 'RS384' }),
      await sign({}, { alg: 'PS256' }),
      await sign({}, { key: attacker.privateKey }),
      await sign({}, { key: attacker.privateKey, header: { jwk: attacker.jwk, jku: url } }),
      await sign({}, { kid: '__proto__' }),
      await sign({}, { kid: '../../dev/null' }),
      await sign({}, { header: { crit: ['b64'], b64: true } }),
      await sign({ aud: ['lime-site-login'] }),
      await sign({}, { kind: 'binding' }),
      await sign({ exp: 1e300 }),
      await sign({ exp: 'NaN' }),
      await sign({ sub: '' }),
      withPart(genuine, 'payload', (payload) => `${payload}=`),
      `${genuine}.AAAA.AAAA`,
      genuine.slice(0, -1),
      'x'.repeat(9_000),
    ];
    const answers = await Promise.all(forgeries.map((forgery) => get('any', forgery)));
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await answer.json()).toEqual({
        statusCode: 401,
        error: 'Unauthorized',
        code: 'invalid_token',
        message: 'The passport is not valid here',
      });
    }
    expect((await get('any', genuine)).status).toBe(200);
  });

  it('refuses a passport that another site received, although its signature is genuine', async () => {
    const { lime, sign, statusOf } = await startSite();
    const elsewhere = lime.createLoginRequest();
    expect(await statusOf('own', await sign({ request_id: elsewhere.requestId }))).toBe(401);
    for (const request_id of ['__proto__', 'constructor', 'toString', 'size', '0', '*']) {
      expect(await statusOf('own', await sign({ request_id }))).toBe(401);
    }
  });

  it('accepts a passport of another site with allowForeignLogins', async () => {
    const { sign, statusOf } = await startSite();
    expect(await statusOf('any', await sign({ request_id: 'lr_elsewhere' }))).toBe(200);
  });

  it('refuses a request id that contains the id of an own login', async () => {
    const { sign, logIn, statusOf } = await startSite();
    const { requestId } = await logIn();
    for (const request_id of [
      ` ${requestId}`,
      `${requestId}\u0000`,
      requestId.toUpperCase(),
      [requestId],
    ]) {
      expect(await statusOf('own', await sign({ request_id }))).toBe(401);
    }
  });

  it('refuses a passport one second after its expiry and tolerance, also when it was verified before', async () => {
    const { clock, logIn, statusOf } = await startSite(new ManualClock());
    const { passport } = await logIn();
    expect(await statusOf('own', passport)).toBe(200);
    clock.advance(126_000);
    expect(await statusOf('own', passport)).toBe(401);
  });

  it('refuses a binding passport as a login and a login passport as a binding', async () => {
    const { site, sign, logIn, statusOf } = await startSite();
    const { requestId, passport } = await logIn();
    const { bindingId } = await site.createBindingRequest({ redirectUri: 'https://shop.example/' });
    const both = { request_id: requestId, binding_id: bindingId };
    expect(await statusOf('own', await sign(both, { kind: 'binding' }))).toBe(401);
    expect(await statusOf(`bind/old?passport=${passport}`)).toBe(401);
    expect(await statusOf(`bind/old?passport=${await sign(both)}`)).toBe(401);
    expect(await statusOf(`bind/old?passport=${await sign(both, { kind: 'binding' })}`)).toBe(200);
  });

  it('refuses a binding passport in place of a code', async () => {
    const { lime, site, sign, get } = await startSite(new ManualClock());
    const { bindingId } = await site.createBindingRequest({ redirectUri: 'https://shop.example/' });
    const passport = await sign({ binding_id: bindingId }, { kind: 'binding' });
    for (const [query, code] of [
      [`passport=${passport}`, 'missing_token'],
      [`binding_code=${passport}`, 'invalid_token'],
    ]) {
      const answer = await get(`bind?${query}`);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code });
    }
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('refuses a binding of another site', async () => {
    const { sign, statusOf } = await startSite();
    const foreign = await sign({ binding_id: 'bd_elsewhere' }, { kind: 'binding' });
    expect(await statusOf(`bind/old?passport=${foreign}`)).toBe(401);
  });

  describe('with singleUse', () => {
    it('refuses the second presentation', async () => {
      const { logIn, get, statusOf } = await startSite();
      const { passport } = await logIn();
      expect(await statusOf('once', passport)).toBe(200);
      const replay = await get('once', passport);
      expect(replay.status).toBe(401);
      expect(await replay.json()).toMatchObject({ code: 'invalid_token' });
    });

    it('accepts one of many presentations at the same instant', async () => {
      const { logIn, statusOf } = await startSite();
      const { passport } = await logIn();
      const statuses = await Promise.all(
        Array.from({ length: 20 }, () => statusOf('once', passport)),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 401)).toHaveLength(19);
    });

    it('refuses a second passport for the same login', async () => {
      const { sign, logIn, statusOf } = await startSite();
      const { requestId, passport } = await logIn();
      expect(await statusOf('once', passport)).toBe(200);
      expect(await statusOf('once', await sign({ request_id: requestId, jti: 'other' }))).toBe(401);
    });

    it('refuses the passport until the last millisecond of the tolerance', async () => {
      const { clock, logIn, statusOf } = await startSite(new ManualClock());
      const { passport } = await logIn();
      expect(await statusOf('once', passport)).toBe(200);
      for (const ms of [60_000, 59_000, 5_500, 600_000]) {
        clock.advance(ms);
        expect(await statusOf('once', passport)).toBe(401);
      }
    });

    it('does not count requests without the passport as a use', async () => {
      const { sign, logIn, statusOf } = await startSite();
      const { requestId, passport } = await logIn();
      const forged = await sign({ request_id: requestId }, { key: attacker.privateKey });
      expect(await statusOf('once', forged)).toBe(401);
      expect(await statusOf('once', passport)).toBe(200);
    });

    it('does not count a request that it refuses for another reason as a use', async () => {
      const { logIn, statusOf } = await startSite();
      const { passport } = await logIn();
      expect(await statusOf('once-denied', passport)).toBe(403);
      expect(await statusOf('once', passport)).toBe(200);
    });

    it('counts a binding apart from a login', async () => {
      const { site, sign, statusOf } = await startSite();
      const { bindingId } = await site.createBindingRequest({
        redirectUri: 'https://shop.example/',
      });
      const passport = await sign({ binding_id: bindingId }, { kind: 'binding' });
      expect(await statusOf(`bind/old?passport=${passport}`)).toBe(200);
      expect(await statusOf(`bind/old?passport=${passport}`)).toBe(401);
    });
  });

  it.each<[string, unknown]>([
    ['a text', 'true'],
    ['a number', 1],
    ['a list', [true]],
    ['an object', { valueOf: true }],
    ['null', null],
    ['missing', undefined],
    ['false', false],
  ])('refuses when the rule of the site returns %s', async (_, staff) => {
    const { logIn, statusOf } = await startSite();
    expect(await statusOf('staff', (await logIn({ staff })).passport)).toBe(403);
    expect(await statusOf('staff', (await logIn({ staff: true })).passport)).toBe(200);
  });

  it('refuses an own passport at the URL of another login', async () => {
    const { url, logIn, statusOf } = await startSite();
    const [mine, yours] = [await logIn(), await logIn()];
    expect(await statusOf(`for/${mine.requestId}`, mine.passport)).toBe(200);
    expect(await statusOf(`for/${yours.requestId}`, mine.passport)).toBe(401);
    expect(await statusOf(`for?id=${yours.requestId}`, mine.passport)).toBe(401);
    const post = async (body: object) => {
      const authorization = `Bearer ${mine.passport}`;
      const headers = { authorization, 'content-type': 'application/json' };
      const answer = await fetch(`${url}/for`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return answer.status;
    };
    expect(await post({ id: mine.requestId })).toBe(201);
    expect(await post({ id: yours.requestId })).toBe(401);
    for (const id of [[mine.requestId], { 0: mine.requestId }, null, '', true]) {
      expect(await post({ id })).toBe(400);
    }
    for (const path of ['for', 'for?id=', `for?id=${mine.requestId}&id=${yours.requestId}`]) {
      expect(await statusOf(path, mine.passport)).toBe(400);
    }
  });

  it.each<[string, (passport: string) => [string, Record<string, string>]]>([
    ['header and query', (jwt) => [`?passport=${jwt}`, { authorization: `Bearer ${jwt}` }]],
    ['both headers', (jwt) => ['', { authorization: `Bearer ${jwt}`, 'x-lime-passport': jwt }]],
    ['header and cookie', (jwt) => ['', { 'x-lime-passport': jwt, cookie: `passport=${jwt}` }]],
    ['query and cookie', (jwt) => [`?passport=${jwt}`, { cookie: `a=1; passport=${jwt}` }]],
    ['the query twice', (jwt) => [`?passport=${jwt}&passport=${jwt}`, {}]],
    ['the cookie twice', (jwt) => ['', { cookie: `passport=${jwt}; passport=${jwt}` }]],
    [
      'a good one and a forged one',
      (jwt) => ['?passport=a.b.c', { authorization: `Bearer ${jwt}` }],
    ],
  ])('refuses two passports at once: %s', async (_, place) => {
    const { logIn, get } = await startSite();
    const { passport } = await logIn();
    const [query, headers] = place(passport);
    const answer = await get(`everywhere${query}`, undefined, headers);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'invalid_request' });
    expect((await get('everywhere', passport)).status).toBe(200);
  });

  it('refuses a forged Authorization header before a genuine one', async () => {
    const { url, logIn } = await startSite();
    const { passport } = await logIn();
    const authorization = ['Bearer a.b.c', `Bearer ${passport}`];
    expect(await rawGet(`${url}/own`, { authorization })).toBe(401);
  });

  it('refuses two passports in one header', async () => {
    const { logIn, statusOf } = await startSite();
    const { passport } = await logIn();
    for (const [value, status] of [
      [`${passport} ${passport}`, 401],
      [`${passport}, ${passport}`, 400],
      [`${passport},${passport}`, 400],
    ] as const) {
      expect(await statusOf('own', value)).toBe(401);
      expect(await statusOf('everywhere', undefined, { 'x-lime-passport': value })).toBe(status);
    }
  });
});

describe('An expected request', () => {
  const start = useStarter();

  async function verifyFor(expectedRequestId: unknown): Promise<unknown> {
    const { lime, site }: StartedSite = await start.site({ options: { dispatcher: false } });
    const options = { expectedRequestId } as { expectedRequestId: string };
    return site.verifyPassport(await lime.signPassport({ request_id: 'lr_elsewhere' }), options);
  }

  it.each([null, '', 0, false, [], ['lr_elsewhere'], { toString: () => 'lr_elsewhere' }])(
    'matches no passport when it is not a string: %p',
    async (expected) => {
      await expect(verifyFor(expected)).rejects.toMatchObject({
        code: 'PASSPORT_REQUEST_MISMATCH',
      });
    },
  );

  it('matches no passport of another site when it is undefined, as from an ended session', async () => {
    await expect(verifyFor(undefined)).rejects.toBeInstanceOf(Error);
  });
});

/** Sends headers that `fetch` would join. */
function rawGet(url: string, headers: Record<string, string[]>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    call.on('error', reject).end();
  });
}
