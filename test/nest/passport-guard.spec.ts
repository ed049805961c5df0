import { inspect } from 'node:util';
import {
  Controller,
  type ExecutionContext,
  Get,
  type HttpException,
  Injectable,
  ImATeapotException,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  getLimeSiteServiceToken,
  LimeError,
  type LimeSiteService,
  LimeSitesModule,
  Passport,
  type PassportClaims,
  PassportGuard,
  PassportPolicy,
  type PassportException,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import { HTTP_PLATFORMS, type StartedSite, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

@Controller('me')
@UseGuards(PassportGuard)
class MeController {
  @Get()
  whole(@Passport() passport: PassportVerificationResult) {
    return passport;
  }

  @Get('agent')
  agent(@Passport('agent_id') agentId: string, @Passport('request_id') requestId: string) {
    return { agentId, requestId };
  }

  @Get('any')
  @PassportPolicy({ allowForeignLogins: true })
  any(@Passport('request_id') requestId: string) {
    return { requestId };
  }
}

@Controller('open')
@UseGuards(PassportGuard)
@PassportPolicy({ allowForeignLogins: true })
class OpenController {
  @Get()
  any(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('closed')
  @PassportPolicy({ allowForeignLogins: false })
  closed() {
    return {};
  }
}

@Controller('unguarded')
class UnguardedController {
  @Get()
  route(@Passport() passport: PassportClaims) {
    return passport;
  }
}

const CONTROLLERS = [MeController, OpenController, UnguardedController];

describe.each(HTTP_PLATFORMS)('A guarded route on %s', (platform) => {
  const start = useStarter();

  const startSite = (controllers: Type[] = CONTROLLERS): Promise<StartedSite> =>
    start.site({ platform, controllers });

  async function logIn({
    lime,
    site,
  }: StartedSite): Promise<{ passport: string; requestId: string }> {
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    await until(() => site.stats.delivered === 1);
    return { passport, requestId };
  }

  function get(url: string, passport?: string, scheme = 'Bearer'): Promise<Response> {
    return fetch(url, passport === undefined ? {} : { headers: bearer(passport, scheme) });
  }

  it('gets the verified passport', async () => {
    const started = await startSite();
    const { passport, requestId } = await logIn(started);
    const answer = await get(`${started.url}/me`, passport);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      valid: true,
      claims: { agent_id: started.lime.agent.agentId, request_id: requestId },
    });
  });

  it('gets single claims by name', async () => {
    const started = await startSite();
    const { passport, requestId } = await logIn(started);
    const answer = await get(`${started.url}/me/agent`, passport);
    expect(await answer.json()).toEqual({ agentId: started.lime.agent.agentId, requestId });
  });

  it('accepts the scheme in any case', async () => {
    const started = await startSite();
    const { passport } = await logIn(started);
    for (const scheme of ['bearer', 'BEARER', 'Bearer  ']) {
      expect((await get(`${started.url}/me`, passport, scheme)).status).toBe(200);
    }
  });

  it('accepts the passport of a login of this site before its outcome is known', async () => {
    const { lime, site, url } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    expect((await get(`${url}/me`, passport)).status).toBe(200);
  });

  it('accepts the passport of a login of another process after its outcome has arrived', async () => {
    const { lime, site, url } = await startSite();
    await lime.whenStreamOpen();
    const { requestId } = lime.createLoginRequest();
    const { passport } = await lime.approve(requestId);
    await until(() => site.stats.delivered === 1);
    expect((await get(`${url}/me`, passport)).status).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['an empty header', { authorization: '' }],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['a scheme without a token', { authorization: 'Bearer' }],
    ['two words behind the scheme', { authorization: 'Bearer a b' }],
  ])('answers 401 without a passport: %s', async (_, headers) => {
    const { url } = await startSite();
    const answer = await fetch(`${url}/me`, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      code: 'missing_token',
      message: 'A passport is required',
    });
  });

  it('refuses a passport that is not valid without a reason', async () => {
    const started = await startSite();
    const { requestId } = await logIn(started);
    const { lime, url } = started;
    const claims = { request_id: requestId };
    const bad = [
      'no.passport.atall',
      await lime.signPassport(claims, { kid: 'unknown' }),
      await lime.signPassport(claims, { audience: 'lime-binding' }),
      await lime.signPassport(claims, { issuedAt: new Date(Date.now() - 200_000) }),
    ];
    for (const passport of bad) {
      const answer = await get(`${url}/me`, passport);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await answer.json()).toEqual({
        statusCode: 401,
        error: 'Unauthorized',
        code: 'invalid_token',
        message: 'The passport is not valid here',
      });
    }
  });

  it('refuses the passport of a login that this site did not start, because another site could replay it', async () => {
    const { lime, url } = await startSite();
    const answer = await get(`${url}/me`, await lime.signPassport({ request_id: 'lr_elsewhere' }));
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'invalid_token' });
  });

  it('accepts the passport of another site where the policy of the method or of the class allows it', async () => {
    const { lime, url } = await startSite();
    const passport = await lime.signPassport({ request_id: 'lr_elsewhere' });
    for (const path of ['me/any', 'open']) {
      const answer = await get(`${url}/${path}`, passport);
      expect(await answer.json()).toEqual({ requestId: 'lr_elsewhere' });
    }
    expect((await get(`${url}/open/closed`, passport)).status).toBe(401);
  });

  it('answers 503 while the JWKS is unavailable, and works after that', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500, times: 2 });
    const { url } = await start.site({ platform, lime, controllers: CONTROLLERS });
    await until(() => lime.callCount('jwks') === 1);
    const passport = await lime.signPassport();
    const answer = await get(`${url}/me/any`, passport);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(await answer.json()).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      code: 'keys_unavailable',
      message: 'The passport cannot be verified at the moment; try again',
    });
  });

  it('verifies passports during the shutdown, while HTTP still answers', async () => {
    const started = await startSite();
    const { passport } = await logIn(started);
    await started.site.onModuleDestroy();
    expect((await get(`${started.url}/me`, passport)).status).toBe(200);
  });

  it('fails with a clear error for @Passport() without a guard', async () => {
    const { logs, url } = await startSite();
    const answer = await get(`${url}/unguarded`, 'x');
    expect(answer.status).toBe(500);
    expect(logs.toString()).toContain(
      '@Passport() in UnguardedController.route needs @UseGuards(PassportGuard)',
    );
  });

  it('refuses a binding passport, also with allowForeignLogins', async () => {
    const { lime, url } = await startSite();
    const binding = await lime.signPassport({}, { kind: 'binding' });
    expect((await get(`${url}/me/any`, binding)).status).toBe(401);
  });

  it('does not look for a passport in the query', async () => {
    const { lime, url } = await startSite();
    const answer = await fetch(`${url}/me/any?passport=${await lime.signPassport()}`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'missing_token' });
  });

  it('can read the passport from another place', async () => {
    @Injectable()
    class CookieGuard extends PassportGuard {
      protected override getToken(context: ExecutionContext): string | undefined {
        const { headers } = this.getRequest(context) as { headers: Record<string, string> };
        return /passport=([^;]+)/.exec(headers['cookie'] ?? '')?.[1];
      }
    }
    @Controller('cookie')
    class CookieController {
      @Get()
      @UseGuards(CookieGuard)
      route(@Passport('request_id') requestId: string) {
        return { requestId };
      }
    }
    const started = await startSite([CookieController]);
    const { passport, requestId } = await logIn(started);
    const url = `${started.url}/cookie`;
    const answer = await fetch(url, { headers: { cookie: `passport=${passport}` } });
    expect(await answer.json()).toEqual({ requestId });
    expect((await get(url, passport)).status).toBe(401);
  });

  it('can have its own answer, which knows the reason', async () => {
    const reasons: (string | undefined)[] = [];
    @Injectable()
    class TeaGuard extends PassportGuard {
      protected override createException(
        _: ExecutionContext,
        { code, cause }: PassportException,
      ): HttpException {
        reasons.push(cause instanceof LimeError ? cause.code : code);
        return new ImATeapotException();
      }
    }
    @Controller('tea')
    class TeaController {
      @Get()
      @UseGuards(TeaGuard)
      route() {
        return {};
      }
    }
    const { lime, url } = await startSite([TeaController]);
    expect((await get(`${url}/tea`)).status).toBe(418);
    expect((await get(`${url}/tea`, 'a.b.c')).status).toBe(418);
    const foreign = await lime.signPassport({ request_id: 'lr_elsewhere' });
    expect((await get(`${url}/tea`, foreign)).status).toBe(418);
    expect(reasons).toEqual(['missing_token', 'PASSPORT_MALFORMED', 'PASSPORT_REQUEST_MISMATCH']);
  });

  it('throws the error of an override', async () => {
    @Injectable()
    class BrokenGuard extends PassportGuard {
      protected override verify(): Promise<PassportClaims> {
        throw new ImATeapotException();
      }
    }
    @Controller('broken')
    class BrokenController {
      @Get()
      @UseGuards(BrokenGuard)
      route() {
        return {};
      }
    }
    const { url } = await startSite([BrokenController]);
    expect((await get(`${url}/broken`, 'a.b.c')).status).toBe(418);
  });

  it('keeps the claims out of copies and logs of the request', async () => {
    let copy: object | undefined;

    @Injectable()
    class CopyingGuard extends PassportGuard {
      override async canActivate(context: ExecutionContext): Promise<boolean> {
        const allowed = await super.canActivate(context);
        copy = { ...this.getRequest(context) };
        return allowed;
      }
    }
    @Controller('copied')
    class CopiedController {
      @Get()
      @UseGuards(CopyingGuard)
      route(@Passport('agent_id') agentId: string) {
        return { agentId };
      }
    }
    const started = await startSite([CopiedController]);
    const { passport } = await logIn(started);
    expect((await get(`${started.url}/copied`, passport)).status).toBe(200);
    expect(inspect(copy, { depth: 6 })).not.toContain(started.lime.agent.agentId);
  });

  it('counts the logins of the site that the policy names', async () => {
    const [lime, shopLime] = await Promise.all([start.lime(), start.lime()]);

    @Controller('shop')
    @UseGuards(PassportGuard)
    class ShopController {
      @Get()
      @PassportPolicy({ site: 'shop' })
      shop(@Passport('request_id') requestId: string) {
        return { requestId };
      }

      @Get('default')
      byDefault() {
        return {};
      }
    }
    const { app, url } = await start.site({
      platform,
      lime,
      imports: [LimeSitesModule.forRoot({ name: 'shop', ...shopLime.moduleOptions() })],
      controllers: [ShopController],
    });
    await shopLime.whenStreamOpen();
    const { requestId } = shopLime.createLoginRequest();
    const { passport } = await shopLime.approve(requestId);
    const shop = app.get<LimeSiteService>(getLimeSiteServiceToken('shop'));
    await until(() => shop.stats.delivered === 1);
    const answer = await get(`${url}/shop`, passport);
    expect(await answer.json()).toEqual({ requestId });
    expect((await get(`${url}/shop/default`, passport)).status).toBe(401);
  });
});

function bearer(passport: string, scheme = 'Bearer'): Record<string, string> {
  return { authorization: `${scheme} ${passport}` };
}
