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
import {
  BindingPassportGuard,
  fromQuery,
  Passport,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { ManualClock } from '../support/manual-clock.js';
import { bearer, ownLogin } from '../support/own-login.js';
import {
  HTTP_PLATFORMS,
  type StartedSite,
  useSharedSite,
  useStarter,
} from '../support/start-site.js';

interface RequestWithHeaders {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function announcedIdOf(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<RequestWithHeaders>().headers['x-request-id'];
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
  @PassportPolicy({ allow: () => false })
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
}

@Controller('bindings')
@UseGuards(BindingPassportGuard)
@PassportPolicy({ from: fromQuery('passport') })
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

  @Get('once')
  @PassportPolicy({ singleUse: true, allowForeignLogins: true })
  once() {
    return {};
  }
}

const CONTROLLERS = [LoginsController, OnceController, BindingsController];

const MISMATCH = { status: 401, code: 'invalid_token', challenge: 'Bearer error="invalid_token"' };
const UNCLEAR = {
  status: 400,
  code: 'invalid_request',
  challenge: 'Bearer error="invalid_request"',
};
const DENIED = {
  status: 403,
  code: 'access_denied',
  challenge: 'Bearer error="insufficient_scope"',
};

describe.each(HTTP_PLATFORMS)('A passport policy on %s', (platform) => {
  const start = useStarter();
  const shared = useSharedSite({ platform, controllers: CONTROLLERS });

  const startSite = (clock: ManualClock): Promise<StartedSite> =>
    start.site({ platform, controllers: CONTROLLERS, clock });

  describe('with requestId', () => {
    const sources: [string, (id: string) => Call][] = [
      ['param', (id) => ({ path: `by-param/${encodeURIComponent(id)}` })],
      ['query', (id) => ({ path: `by-query?id=${encodeURIComponent(id)}` })],
      ['body', (id) => ({ path: 'by-body', body: { id } })],
      ['function', (id) => ({ path: 'by-function', headers: { 'x-request-id': id } })],
    ];

    it.each(sources)('compares the request id in a %s', async (_, callFor) => {
      const started = shared();
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
    )(
      'compares the request id in a %s, and treats "%s" as an ordinary name',
      async (_, __, request) => {
        const started = shared();
        const { passport } = await ownLogin(started);
        expect(await call(`${started.url}/logins`, passport, request)).toEqual(MISMATCH);
      },
    );

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
    ])('answers 400 when the request names no id: %s', async (_, request) => {
      const started = shared();
      const { passport } = await ownLogin(started);
      expect(await call(`${started.url}/logins`, passport, request)).toEqual(UNCLEAR);
    });

    it('answers 401 without a passport first', async () => {
      const { url } = shared();
      expect(await answerOf(`${url}/logins/by-query`)).toEqual({
        status: 401,
        code: 'missing_token',
        challenge: 'Bearer',
      });
    });
  });

  describe('with singleUse', () => {
    it('answers 401 to the second presentation', async () => {
      const started = shared();
      const { passport, requestId } = await ownLogin(started);
      const first = await fetch(`${started.url}/once`, { headers: bearer(passport) });
      expect(await first.json()).toEqual({ requestId });
      expect(await answerOf(`${started.url}/once`, passport)).toEqual(MISMATCH);
    });

    it('counts over all routes with singleUse', async () => {
      const started = shared();
      const { passport } = await ownLogin(started);
      expect(await answerOf(`${started.url}/once`, passport)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once/elsewhere`, passport)).toEqual(MISMATCH);
    });

    it('accepts exactly one of many requests at the same instant', async () => {
      const started = shared();
      const { passport } = await ownLogin(started);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => answerOf(`${started.url}/once`, passport)),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array(7).fill(401)]);
    });

    it('counts a second passport of the same login as the same', async () => {
      const started = shared();
      const { passport, requestId } = await ownLogin(started);
      const second = await started.lime.signPassport(
        { request_id: requestId },
        { ttlSeconds: 100 },
      );
      expect(second).not.toBe(passport);
      expect(await answerOf(`${started.url}/once`, passport)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once`, second)).toEqual(MISMATCH);
    });

    it('counts each login on its own', async () => {
      const started = shared();
      const [one, other] = [await ownLogin(started), await ownLogin(started)];
      expect(await answerOf(`${started.url}/once`, one.passport)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once`, other.passport)).toEqual({ status: 200 });
    });

    it('does not count a request that is refused for another reason', async () => {
      const started = shared();
      const { passport, requestId } = await ownLogin(started);
      const url = `${started.url}/once`;
      expect(await answerOf(`${url}/strict`, passport)).toEqual(DENIED);
      expect(await answerOf(`${url}/for/lr_other`, passport)).toEqual(MISMATCH);
      expect(await answerOf(`${url}/for/${requestId}`, passport)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/for/${requestId}`, passport)).toEqual(MISMATCH);
    });

    it('does not count a passport of another site', async () => {
      const { lime, url } = shared();
      const foreign = await lime.signPassport();
      expect(await answerOf(`${url}/once`, foreign)).toEqual(MISMATCH);
      expect(await answerOf(`${url}/once/any`, foreign)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/once/any`, foreign)).toEqual(MISMATCH);
    });

    it('does not count routes without singleUse', async () => {
      const started = shared();
      const { passport, requestId } = await ownLogin(started);
      const often = { path: `by-param/${requestId}` };
      for (let time = 0; time < 3; time++) {
        expect(await call(`${started.url}/logins`, passport, often)).toEqual({ status: 200 });
      }
      expect(await answerOf(`${started.url}/once`, passport)).toEqual({ status: 200 });
      expect(await call(`${started.url}/logins`, passport, often)).toEqual({ status: 200 });
      expect(await answerOf(`${started.url}/once`, passport)).toEqual(MISMATCH);
    });

    it('counts logins and bindings with the same id on their own', async () => {
      const { lime, url } = shared();
      const login = await lime.signPassport({ request_id: 'same' });
      const binding = await lime.signPassport({ binding_id: 'same' }, { kind: 'binding' });
      const bindingUrl = `${url}/bindings/once?passport=${binding}`;
      expect(await answerOf(`${url}/once/any`, login)).toEqual({ status: 200 });
      expect(await answerOf(bindingUrl)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/once/any`, login)).toEqual(MISMATCH);
      expect(await answerOf(bindingUrl)).toEqual(MISMATCH);
    });

    it('remembers a login for as long as one of its passports can be valid', async () => {
      const clock = new ManualClock();
      const { lime, url } = await startSite(clock);
      const presentOnce = async (request_id: string) => {
        const issuedAt = Math.floor(clock.now() / 1000);
        return answerOf(`${url}/once/any`, await lime.signPassport({ request_id }, { issuedAt }));
      };
      expect(await presentOnce('lr_a')).toEqual({ status: 200 });
      clock.advance(120_000); // the lifetime of the first passport
      expect(await presentOnce('lr_b')).toEqual({ status: 200 });
      expect(await presentOnce('lr_a')).toEqual(MISMATCH);
      clock.advance(180_000); // and the grace period
      expect(await presentOnce('lr_c')).toEqual({ status: 200 });
      expect(await presentOnce('lr_a')).toEqual({ status: 200 });
      expect(await presentOnce('lr_b')).toEqual(MISMATCH);
    });
  });

  describe('on binding passports', () => {
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
      const started = shared();
      const { bindingId, passport } = await ownBinding(started);
      const other = await ownBinding(started);
      const url = `${started.url}/bindings/for`;
      expect(await answerOf(`${url}/${bindingId}?passport=${passport}`)).toEqual({ status: 200 });
      expect(await answerOf(`${url}/${other.bindingId}?passport=${passport}`)).toEqual(MISMATCH);
    });

    it('forgets a binding when none of its passports can be valid any more', async () => {
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

/** The status, with the code and the challenge of a refusal. */
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
