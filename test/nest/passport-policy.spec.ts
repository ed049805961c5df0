import {
  Body,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { BindingPassportGuard, Passport, PassportGuard, PassportPolicy } from 'nestjs-lime-sites';
import { ManualClock } from '../support/manual-clock.js';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, type StartedSite, useStarter } from '../support/start-site.js';

interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function announcedIdOf(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<RequestWithHeaders>().headers['x-request-id'];
}

@Controller('levels')
@UseGuards(PassportGuard)
class LevelsController {
  @Get('kyc')
  @PassportPolicy({ minKycLevel: 2 })
  kyc() {
    return {};
  }

  @Get('reputation')
  @PassportPolicy({ minReputation: 50 })
  reputation() {
    return {};
  }

  @Get('both')
  @PassportPolicy({ minKycLevel: 2, minReputation: 50 })
  both() {
    return {};
  }

  @Get('none')
  @PassportPolicy({ minKycLevel: 0, minReputation: 0 })
  none() {
    return {};
  }
}

@Controller('logins')
@UseGuards(PassportGuard)
class LoginsController {
  @Get('by-param/:id')
  @PassportPolicy({ requestId: { param: 'id' } })
  byParam(@Param('id') id: string) {
    return { id };
  }

  @Get('by-query')
  @PassportPolicy({ requestId: { query: 'id' } })
  byQuery(@Query('id') id: string) {
    return { id };
  }

  @Post('by-body')
  @HttpCode(200)
  @PassportPolicy({ requestId: { body: 'id' } })
  byBody(@Body('id') id: string) {
    return { id };
  }

  @Get('by-function')
  @PassportPolicy({ requestId: announcedIdOf })
  byFunction(@Passport('request_id') id: string) {
    return { id };
  }

  @Get('by-missing-param')
  @PassportPolicy({ requestId: { param: 'id' } })
  byMissingParam() {
    return {};
  }

  @Get('by-inherited-member')
  @PassportPolicy({ requestId: { query: 'constructor' } })
  byInheritedMember() {
    return {};
  }
}

@Controller('once')
@UseGuards(PassportGuard)
@PassportPolicy({ singleUse: true })
class OnceController {
  @Get()
  once(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('elsewhere')
  elsewhere() {
    return {};
  }

  @Get('strict')
  @PassportPolicy({ minKycLevel: 3 })
  strict() {
    return {};
  }

  @Get('for/:id')
  @PassportPolicy({ requestId: { param: 'id' } })
  forOne() {
    return {};
  }

  @Get('any')
  @PassportPolicy({ allowForeignLogins: true })
  any() {
    return {};
  }

  @Get('often')
  @PassportPolicy({ singleUse: false })
  often() {
    return {};
  }
}

@Controller('merged')
@UseGuards(PassportGuard)
@PassportPolicy({ minKycLevel: 3, minReputation: 90 })
class MergedController {
  @Get('class')
  ofClass() {
    return {};
  }

  @Get('method')
  @PassportPolicy({ minKycLevel: 1 })
  ofMethod() {
    return {};
  }

  @Get('stricter')
  @PassportPolicy({ minKycLevel: 4 })
  stricter() {
    return {};
  }
}

/** Two controllers may share a method, and ask for different things. */
@UseGuards(PassportGuard)
class SharedController {
  @Get()
  shared() {
    return {};
  }
}

@Controller('for-anybody')
class ForAnybodyController extends SharedController {}

@Controller('for-the-known')
@PassportPolicy({ minKycLevel: 3 })
class ForTheKnownController extends SharedController {}

@Controller('bindings')
@UseGuards(BindingPassportGuard)
class BindingsController {
  @Get('callback')
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('for/:id')
  @PassportPolicy({ requestId: { param: 'id' } })
  forOne(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('known')
  @PassportPolicy({ minKycLevel: 3 })
  known() {
    return {};
  }

  @Get('reputed')
  @PassportPolicy({ minReputation: 1 })
  reputed() {
    return {};
  }

  @Get('once')
  @PassportPolicy({ singleUse: true, allowForeignLogins: true })
  once() {
    return {};
  }
}

const CONTROLLERS = [
  LevelsController,
  LoginsController,
  OnceController,
  MergedController,
  ForAnybodyController,
  ForTheKnownController,
  BindingsController,
];

const MISMATCH = { status: 401, code: 'invalid_token', challenge: 'Bearer error="invalid_token"' };
const UNCLEAR = {
  status: 400,
  code: 'invalid_request',
  challenge: 'Bearer error="invalid_request"',
};
const TOO_LOW = { status: 403, challenge: 'Bearer error="insufficient_scope"' };

describe.each(HTTP_PLATFORMS)('A passport policy on %s', (platform) => {
  const start = useStarter();

  const startSite = (clock?: ManualClock): Promise<StartedSite> =>
    start.site({ platform, controllers: CONTROLLERS, ...(clock && { clock }) });

  describe('asks for a level', () => {
    it.each([
      ['kyc', { user_kyc_level: 2 }],
      ['kyc', { user_kyc_level: 3 }],
      ['kyc', { user_kyc_level: undefined, owner_kyc_level: 2 }],
      ['reputation', { agent_reputation: 50 }],
      ['reputation', { agent_reputation: 50.5 }],
      ['both', { user_kyc_level: 2, agent_reputation: 50 }],
      ['none', { user_kyc_level: 0, agent_reputation: 0 }],
    ])('that is met exactly or exceeded: %s, %j', async (path, claims) => {
      const started = await startSite();
      const { passport } = await ownLogin(started, claims);
      expect(await answerOf(`${started.url}/levels/${path}`, passport)).toEqual({ status: 200 });
    });

    it.each<[string, string, Record<string, unknown>]>([
      ['kyc', 'below it', { user_kyc_level: 1 }],
      ['kyc', 'just below it', { user_kyc_level: 1.999 }],
      ['kyc', 'missing', { user_kyc_level: undefined }],
      ['kyc', 'null', { user_kyc_level: null }],
      ['kyc', 'a text', { user_kyc_level: '3' }],
      ['kyc', 'a list', { user_kyc_level: [3] }],
      ['kyc', 'true', { user_kyc_level: true }],
      ['kyc', 'of the agent instead', { user_kyc_level: undefined, agent_reputation: 90 }],
      ['both', 'below it, the reputation is not', { user_kyc_level: 1, agent_reputation: 99 }],
      ['none', 'missing, even where zero is enough', { user_kyc_level: undefined }],
    ])('and refuses with 403 where the KYC level (%s) is %s', async (path, _, claims) => {
      const started = await startSite();
      const { passport } = await ownLogin(started, claims);
      expect(await answerOf(`${started.url}/levels/${path}`, passport)).toEqual({
        ...TOO_LOW,
        code: 'kyc_level_too_low',
      });
    });

    it.each<[string, string, Record<string, unknown>]>([
      ['reputation', 'below it', { agent_reputation: 49 }],
      ['reputation', 'negative', { agent_reputation: -50 }],
      ['reputation', 'missing', { agent_reputation: undefined }],
      ['reputation', 'a text', { agent_reputation: '99' }],
      ['reputation', 'an object', { agent_reputation: { valueOf: 99 } }],
      ['both', 'below it, the KYC level is not', { user_kyc_level: 3, agent_reputation: 49 }],
      ['none', 'missing, even where zero is enough', { agent_reputation: undefined }],
    ])('and refuses with 403 where the reputation (%s) is %s', async (path, _, claims) => {
      const started = await startSite();
      const { passport } = await ownLogin(started, claims);
      expect(await answerOf(`${started.url}/levels/${path}`, passport)).toEqual({
        ...TOO_LOW,
        code: 'reputation_too_low',
      });
    });

    it('and tells the client no level, neither the one it has nor the one it needs', async () => {
      const started = await startSite();
      const { passport } = await ownLogin(started, { user_kyc_level: 1 });
      const answer = await fetch(`${started.url}/levels/kyc`, { headers: bearer(passport) });
      expect(await answer.json()).toEqual({
        statusCode: 403,
        error: 'Forbidden',
        code: 'kyc_level_too_low',
        message: 'The owner of the agent is not known well enough',
      });
    });

    it('only of those whose passport is valid: the others get 401', async () => {
      const { lime, url } = await startSite();
      const foreign = await lime.signPassport({ user_kyc_level: 0 });
      expect(await answerOf(`${url}/levels/kyc`, foreign)).toEqual(MISMATCH);
    });
  });

  describe('ties the passport to the request that the route names', () => {
    const sources: [string, (id: string) => Call][] = [
      ['param', (id) => ({ path: `by-param/${encodeURIComponent(id)}` })],
      ['query', (id) => ({ path: `by-query?id=${encodeURIComponent(id)}` })],
      ['body', (id) => ({ path: 'by-body', body: { id } })],
      ['function', (id) => ({ path: 'by-function', headers: { 'x-request-id': id } })],
    ];

    it.each(sources)('in a %s', async (_, callFor) => {
      const started = await startSite();
      const { passport, requestId } = await ownLogin(started);
      const other = await ownLogin(started);
      const url = `${started.url}/logins`;
      expect(await call(url, passport, callFor(requestId))).toEqual({ status: 200 });
      expect(await call(url, passport, callFor(other.requestId))).toEqual(MISMATCH);
    });

    it.each(
      sources.flatMap(([source, callFor]) =>
        ['__proto__', 'constructor', 'toString', 'undefined', '*'].map(
          (id) => [source, id, callFor(id)] as const,
        ),
      ),
    )('in a %s, and takes "%s" for a name like any other', async (_, __, request) => {
      const started = await startSite();
      const { passport } = await ownLogin(started);
      expect(await call(`${started.url}/logins`, passport, request)).toEqual(MISMATCH);
    });

    it.each<[string, Call]>([
      ['the parameter is not part of the route', { path: 'by-missing-param' }],
      ['no query', { path: 'by-query' }],
      ['an empty query parameter', { path: 'by-query?id=' }],
      ['a query parameter given twice', { path: 'by-query?id=a&id=b' }],
      ['only an inherited member of the query', { path: 'by-inherited-member' }],
      ['no body', { path: 'by-body', method: 'POST' }],
      ['a body without the field', { path: 'by-body', body: { other: 'x' } }],
      ['an empty field', { path: 'by-body', body: { id: '' } }],
      ['a number', { path: 'by-body', body: { id: 7 } }],
      ['a list', { path: 'by-body', body: { id: ['x'] } }],
      ['null', { path: 'by-body', body: { id: null } }],
      ['a list instead of a body', { path: 'by-body', body: ['id'] }],
      ['a function that finds nothing', { path: 'by-function' }],
      [
        'a function that finds an empty text',
        { path: 'by-function', headers: { 'x-request-id': '' } },
      ],
    ])('and refuses with 400 where the request does not say: %s', async (_, request) => {
      const started = await startSite();
      const { passport } = await ownLogin(started);
      expect(await call(`${started.url}/logins`, passport, request)).toEqual(UNCLEAR);
    });

    it('and asks for a passport first', async () => {
      const { url } = await startSite();
      expect(await answerOf(`${url}/logins/by-query`)).toEqual({
        status: 401,
        code: 'missing_token',
        challenge: 'Bearer',
      });
    });
  });

  describe('lets a login count once', () => {
    it('and refuses the second presentation with 401', async () => {
      const started = await startSite();
      const { passport, requestId } = await ownLogin(started);
      const first = await fetch(`${started.url}/once`, { headers: bearer(passport) });
      expect(await first.json()).toEqual({ requestId });
      expect(await answerOf(`${started.url}/once`, passport)).toEqual(MISMATCH);
    });

    it('over all routes that ask for it', async () => {
      const started = await startSite();
      const { passport } = await ownLogin(started);
      expect(await answerOf(`${started.url}/once`, passport)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once/elsewhere`, passport)).toEqual(MISMATCH);
    });

    it('and lets exactly one in of many that come at the same instant', async () => {
      const started = await startSite();
      const { passport } = await ownLogin(started);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => answerOf(`${started.url}/once`, passport)),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array(7).fill(401)]);
    });

    it('and takes a second passport of the same login for the same', async () => {
      const started = await startSite();
      const { passport, requestId } = await ownLogin(started);
      const second = await started.lime.signPassport(
        { request_id: requestId },
        { ttlSeconds: 100 },
      );
      expect(second).not.toBe(passport);
      expect(await answerOf(`${started.url}/once`, passport)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once`, second)).toEqual(MISMATCH);
    });

    it('and keeps one login apart from another', async () => {
      const started = await startSite();
      const [one, other] = [await ownLogin(started), await ownLogin(started)];
      expect(await answerOf(`${started.url}/once`, one.passport)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once`, other.passport)).toEqual({ status: 200 });
    });

    it('and does not use it up where it is refused for another reason', async () => {
      const started = await startSite();
      const { passport, requestId } = await ownLogin(started);
      const url = `${started.url}/once`;
      expect(await answerOf(`${url}/strict`, passport)).toMatchObject({ status: 403 });
      expect(await answerOf(`${url}/for/lr_other`, passport)).toEqual(MISMATCH);
      expect(await answerOf(`${url}/for/${requestId}`, passport)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/for/${requestId}`, passport)).toEqual(MISMATCH);
    });

    it('and does not use up a passport of a login that is not of this site', async () => {
      const { lime, url } = await startSite();
      const foreign = await lime.signPassport();
      expect(await answerOf(`${url}/once`, foreign)).toEqual(MISMATCH);
      expect(await answerOf(`${url}/once/any`, foreign)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/once/any`, foreign)).toEqual(MISMATCH);
    });

    it('and leaves it as good as before where once is not asked for', async () => {
      const started = await startSite();
      const { passport } = await ownLogin(started);
      const url = `${started.url}/once`;
      for (const path of ['often', 'often', 'elsewhere', 'often']) {
        expect(await answerOf(`${url}/${path}`, passport)).toEqual({ status: 200 });
      }
      expect(await answerOf(url, passport)).toEqual(MISMATCH);
    });

    it('and keeps logins and bindings of the same id apart', async () => {
      const { lime, url } = await startSite();
      const login = await lime.signPassport({ request_id: 'same' });
      const binding = await lime.signPassport({ binding_id: 'same' }, { kind: 'binding' });
      const bindingUrl = `${url}/bindings/once?passport=${binding}`;
      expect(await answerOf(`${url}/once/any`, login)).toEqual({ status: 200 });
      expect(await answerOf(bindingUrl)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/once/any`, login)).toEqual(MISMATCH);
      expect(await answerOf(bindingUrl)).toEqual(MISMATCH);
    });

    it('and remembers it for as long as a passport of it can be good', async () => {
      const clock = new ManualClock();
      const { lime, url } = await startSite(clock);
      const presentOnce = async (request_id: string) => {
        const issuedAt = Math.floor(clock.now() / 1000);
        return answerOf(`${url}/once/any`, await lime.signPassport({ request_id }, { issuedAt }));
      };
      expect(await presentOnce('lr_a')).toEqual({ status: 200 });
      clock.advance(120_000); // the first passport's own life
      expect(await presentOnce('lr_b')).toEqual({ status: 200 });
      expect(await presentOnce('lr_a')).toEqual(MISMATCH);
      clock.advance(120_000); // and the afterlife, so that lr_a is let go
      expect(await presentOnce('lr_c')).toEqual({ status: 200 });
      expect(await presentOnce('lr_a')).toEqual({ status: 200 });
      expect(await presentOnce('lr_b')).toEqual(MISMATCH);
    });
  });

  describe('is merged over class and method', () => {
    it.each([
      ['class', { user_kyc_level: 3, agent_reputation: 90 }],
      ['method', { user_kyc_level: 1, agent_reputation: 90 }],
      ['stricter', { user_kyc_level: 4, agent_reputation: 90 }],
    ])('and what is asked for by "%s" lets in %j', async (path, claims) => {
      const started = await startSite();
      const { passport } = await ownLogin(started, claims);
      expect(await answerOf(`${started.url}/merged/${path}`, passport)).toEqual({ status: 200 });
    });

    it.each([
      ['class', { user_kyc_level: 2, agent_reputation: 90 }, 'kyc_level_too_low'],
      ['class', { user_kyc_level: 3, agent_reputation: 89 }, 'reputation_too_low'],
      ['method', { user_kyc_level: 0, agent_reputation: 90 }, 'kyc_level_too_low'],
      ['method', { user_kyc_level: 1, agent_reputation: 89 }, 'reputation_too_low'],
      ['stricter', { user_kyc_level: 3, agent_reputation: 90 }, 'kyc_level_too_low'],
    ])('and what is asked for by "%s" refuses %j', async (path, claims, code) => {
      const started = await startSite();
      const { passport } = await ownLogin(started, claims);
      expect(await answerOf(`${started.url}/merged/${path}`, passport)).toEqual({
        ...TOO_LOW,
        code,
      });
    });
  });

  it('is that of the controller which a method was inherited by', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started, { user_kyc_level: 1 });
    expect(await answerOf(`${started.url}/for-anybody`, passport)).toEqual({ status: 200 });
    expect(await answerOf(`${started.url}/for-the-known`, passport)).toEqual({
      ...TOO_LOW,
      code: 'kyc_level_too_low',
    });
  });

  describe('for binding passports', () => {
    async function ownBinding({ lime, site, url }: StartedSite, claims = {}) {
      const redirectUri = `${url}/bindings/callback`;
      const { bindingId } = await site.createBindingRequest({ redirectUri });
      const passport = await lime.signPassport(
        { binding_id: bindingId, ...claims },
        { kind: 'binding' },
      );
      return { bindingId, passport };
    }

    it('compares the id of the binding', async () => {
      const started = await startSite();
      const { bindingId, passport } = await ownBinding(started);
      const other = await ownBinding(started);
      const url = `${started.url}/bindings/for`;
      expect(await answerOf(`${url}/${bindingId}?passport=${passport}`)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/${other.bindingId}?passport=${passport}`)).toEqual(MISMATCH);
    });

    it('asks for the level of the owner', async () => {
      const started = await startSite();
      const low = await ownBinding(started);
      const high = await ownBinding(started, { user_kyc_level: 3 });
      const url = `${started.url}/bindings/known?passport=`;
      expect(await answerOf(url + low.passport)).toEqual({ ...TOO_LOW, code: 'kyc_level_too_low' });
      expect(await answerOf(url + high.passport)).toEqual({ status: 200 });
    });

    it('refuses all where a reputation is asked for, because they carry none', async () => {
      const started = await startSite();
      const { passport } = await ownBinding(started);
      const url = `${started.url}/bindings/reputed?passport=${passport}`;
      expect(await answerOf(url)).toEqual({ ...TOO_LOW, code: 'reputation_too_low' });
    });

    it('forgets a binding once no passport of it can be good any more', async () => {
      const clock = new ManualClock();
      const started = await startSite(clock);
      const { lime, site, url } = started;
      const redirectUri = `${url}/bindings/callback`;
      const { bindingId, expiresAt } = await site.createBindingRequest({ redirectUri });
      const present = async (binding_id: string) => {
        const issuedAt = Math.floor(clock.now() / 1000);
        const overrides = { kind: 'binding', issuedAt } as const;
        const passport = await lime.signPassport({ binding_id }, overrides);
        return answerOf(`${url}/bindings/callback?passport=${passport}`);
      };
      clock.advance(expiresAt.getTime() - clock.now() + 179_000);
      expect(await present(bindingId)).toEqual({ status: 200 });
      clock.advance(2_000);
      expect(await present(bindingId)).toEqual(MISMATCH);
    });
  });
});

interface Call {
  readonly path: string;
  readonly method?: 'POST';
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly challenge?: string;
}

function call(url: string, passport: string, { path, body, ...rest }: Call): Promise<Answer> {
  const { method = body === undefined ? 'GET' : 'POST', headers } = rest;
  return answerOf(`${url}/${path}`, passport, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** The status, and of a refusal what the client is told. */
async function answerOf(
  url: string,
  passport?: string,
  init?: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> },
): Promise<Answer> {
  const credentials = passport === undefined ? {} : bearer(passport);
  const answer = await fetch(url, { ...init, headers: { ...init?.headers, ...credentials } });
  const { code } = (await answer.json()) as { code?: string };
  const challenge = answer.headers.get('www-authenticate');
  const { status } = answer;
  return { status, ...(code !== undefined && { code }), ...(challenge !== null && { challenge }) };
}
