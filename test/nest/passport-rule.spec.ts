import {
  Catch,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import {
  type BindingPassportClaims,
  BindingPassportGuard,
  type CommonPassportClaims,
  InvalidPassportError,
  LimeError,
  Passport,
  PassportGuard,
  PassportPolicy,
  RateLimitError,
} from 'nestjs-lime-sites';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';

/** The headers of a request that the rules of these routes accept. */
const WELCOME = { 'x-welcome': 'yes' };

interface WithHeaders {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function isWelcome(_: CommonPassportClaims, context: ExecutionContext): boolean {
  return context.switchToHttp().getRequest<WithHeaders>().headers['x-welcome'] === 'yes';
}

async function isWelcomeSoon(
  claims: CommonPassportClaims,
  context: ExecutionContext,
): Promise<boolean> {
  await Promise.resolve();
  return isWelcome(claims, context);
}

/** Set by a test for the route `outcome`. */
let outcome: () => unknown;
const seen: { claims: CommonPassportClaims; handler: string }[] = [];

@Controller('rules')
@UseGuards(PassportGuard)
class Routes {
  @Get('sync')
  @PassportPolicy({ allow: isWelcome })
  sync(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('async')
  @PassportPolicy({ allow: isWelcomeSoon })
  async(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('outcome')
  @PassportPolicy({ allow: () => outcome() as boolean })
  outcome() {
    return {};
  }

  @Get('noted/:id')
  @PassportPolicy({
    requestId: { param: 'id' },
    allow(claims, context) {
      seen.push({ claims, handler: context.getHandler().name });
      return true;
    },
  })
  noted() {
    return {};
  }

  @Get('once')
  @PassportPolicy({ singleUse: true, allow: isWelcomeSoon })
  once() {
    return {};
  }

  @Get('once-outcome')
  @PassportPolicy({ singleUse: true, allow: () => outcome() as boolean })
  onceOutcome() {
    return {};
  }
}

@Controller('bind')
@UseGuards(BindingPassportGuard)
class Callbacks {
  @Get()
  @PassportPolicy({
    allow: (claims) => (claims as BindingPassportClaims).user_id === 'the expected user',
  })
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }
}

const DENIED = {
  statusCode: 403,
  error: 'Forbidden',
  code: 'access_denied',
  message: 'The passport does not meet the rules of this route',
};

describe.each(HTTP_PLATFORMS)('The rule of a policy on %s', (platform) => {
  const start = useStarter();

  async function startSite() {
    const caught: unknown[] = [];

    @Catch()
    class Remember extends BaseExceptionFilter {
      override catch(exception: unknown, host: Parameters<BaseExceptionFilter['catch']>[1]): void {
        caught.push(exception);
        // oxlint-disable-next-line promise/valid-params -- a filter's method, no promise's
        super.catch(exception, host);
      }
    }
    seen.length = 0;
    const started = await start.site({
      platform,
      controllers: [Routes, Callbacks],
      providers: [{ provide: APP_FILTER, useClass: Remember }],
      options: { dispatcher: false },
    });
    const get = (path: string, passport: string, headers: Record<string, string> = {}) =>
      fetch(`${started.url}/${path}`, { headers: { ...bearer(passport), ...headers } });
    return { ...started, caught, get };
  }

  it.each(['sync', 'async'])('accepts when it returns true: %s', async (path) => {
    const started = await startSite();
    const { passport, requestId } = await ownLogin(started);
    const answer = await started.get(`rules/${path}`, passport, WELCOME);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ requestId });
  });

  it.each(['sync', 'async'])('answers 403 when it returns false: %s', async (path) => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    const answer = await started.get(`rules/${path}`, passport);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope"');
    expect(await answer.json()).toEqual(DENIED);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['1', 1],
    ['a text', 'true'],
    ['a list', [true]],
    ['an object', { valueOf: () => true }],
    ['a Boolean object', Object(true)],
    ['a function', () => true],
    ['a promise of 1', Promise.resolve(1)],
  ])('answers 403 when it returns %s in place of true or false', async (_, answered) => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    outcome = () => answered;
    const answer = await started.get('rules/outcome', passport);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual(DENIED);
  });

  it.each<[string, unknown]>([
    ['an error', new Error('the database is down')],
    ['a LimeError', new LimeError('NETWORK_ERROR', 'another call failed')],
    ['an InvalidPassportError', new InvalidPassportError('PASSPORT_CLAIM', 'of another passport')],
    [
      'a RateLimitError',
      new RateLimitError('RATE_LIMIT_EXCEEDED', 'too many', { httpStatus: 429 }),
    ],
    ['a text', 'no'],
    ['an object', { reason: 'no' }],
    ['null', null],
    ['undefined', undefined],
  ])('answers 500 with the same error when it throws or rejects with %s', async (_, error) => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    const ways = [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ];
    for (const way of ways) {
      outcome = way;
      const answer = await started.get('rules/outcome', passport);
      expect(answer.status).toBe(500);
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }
    expect(started.caught).toHaveLength(2);
    for (const caught of started.caught) expect(caught).toBe(error);
  });

  it('answers 500 when it throws an object without a prototype, which loggers cannot print', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    const bare: unknown = Object.create(null);
    outcome = () => {
      throw bare;
    };
    expect((await started.get('rules/outcome', passport)).status).toBe(500);
    expect(started.caught[0]).toBe(bare);
  });

  it('answers with the HttpException that it throws', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    outcome = () => {
      throw new ForbiddenException('blocked');
    };
    const answer = await started.get('rules/outcome', passport);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ message: 'blocked' });
  });

  it('gets the verified claims and the context of the route', async () => {
    const started = await startSite();
    const { passport, requestId } = await ownLogin(started, { roles: ['guest'] });
    expect((await started.get(`rules/noted/${requestId}`, passport)).status).toBe(200);
    expect(seen).toEqual([
      {
        claims: expect.objectContaining({
          request_id: requestId,
          agent_id: started.lime.agent.agentId,
          roles: ['guest'],
        }),
        handler: 'noted',
      },
    ]);
  });

  it('is not called before the passport is verified, and of this site and this request', async () => {
    const started = await startSite();
    const { lime, get, url } = started;
    const { requestId } = await ownLogin(started);
    const other = await ownLogin(started);
    const path = `rules/noted/${requestId}`;
    const elsewhere = await lime.signPassport({ request_id: 'elsewhere' });
    const claims = { request_id: requestId };
    const bad = [
      'no.passport.atall',
      await lime.signPassport(claims, { kid: 'unknown' }),
      await lime.signPassport(claims, { audience: 'lime-binding' }),
      await lime.signPassport(claims, { issuedAt: new Date(Date.now() - 200_000) }),
      elsewhere,
      other.passport,
    ];
    for (const passport of bad) expect((await get(path, passport)).status).toBe(401);
    expect((await get('rules/noted/elsewhere', elsewhere)).status).toBe(401);
    expect((await fetch(`${url}/${path}`)).status).toBe(401);
    expect(seen).toEqual([]);
  });

  it('does not count a login that it refuses as used', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    for (const status of [403, 403]) {
      expect((await started.get('rules/once', passport)).status).toBe(status);
    }
    expect((await started.get('rules/once', passport, WELCOME)).status).toBe(200);
    expect((await started.get('rules/once', passport, WELCOME)).status).toBe(401);
  });

  it('does not count a login as used when it throws', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    outcome = () => Promise.reject(new Error('the database is down'));
    expect((await started.get('rules/once-outcome', passport)).status).toBe(500);
    outcome = () => true;
    expect((await started.get('rules/once-outcome', passport)).status).toBe(200);
    expect((await started.get('rules/once-outcome', passport)).status).toBe(401);
  });

  it('is called for binding passports, too', async () => {
    const { lime, site, url } = await startSite();
    const bind = async (claims: object) => {
      const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind` });
      const { callbackUrl } = await lime.completeBinding(bindingId, { ...claims });
      return { bindingId, answer: await fetch(callbackUrl) };
    };
    const expected = await bind({ user_id: 'the expected user' });
    expect(await expected.answer.json()).toEqual({ bindingId: expected.bindingId });
    const other = await bind({ user_id: 'another user' });
    expect(await other.answer.json()).toEqual(DENIED);
  });
});
