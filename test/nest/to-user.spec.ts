import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  NotFoundException,
  Req,
  UseGuards,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  LimeSitesModule,
  type LimeToUser,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';

interface Request {
  user?: unknown;
}

/** As another guard that knows the caller by a session. */
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<Request>().user = 'the person of the session';
    return true;
  }
}

/** As a guard of the application that looks at `request.user` only. */
class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user } = context.switchToHttp().getRequest<{ user?: { role?: string } }>();
    return user?.role === 'staff';
  }
}

const userOf = ({ user }: Request) => ({ user: user ?? null });

@Controller()
class Routes {
  @Get('me')
  @UseGuards(PassportGuard)
  me(@Req() request: Request) {
    return userOf(request);
  }

  @Get('staff')
  @UseGuards(PassportGuard, StaffGuard)
  staff(@Req() request: Request) {
    return userOf(request);
  }

  @Get('after-session')
  @UseGuards(SessionGuard, PassportGuard)
  @PassportPolicy({ optional: true })
  afterSession(@Req() request: Request) {
    return userOf(request);
  }

  @Get('once')
  @UseGuards(PassportGuard)
  @PassportPolicy({ singleUse: true })
  once(@Req() request: Request) {
    return userOf(request);
  }

  @Get('denied')
  @UseGuards(PassportGuard)
  @PassportPolicy({ allow: () => false })
  denied() {
    return {};
  }

  @Get('bound')
  @UseGuards(BindingPassportGuard)
  bound(@Req() request: Request) {
    return userOf(request);
  }

  @Get('bound-with-session')
  @UseGuards(SessionGuard, BindingPassportGuard)
  boundWithSession(@Req() request: Request) {
    return userOf(request);
  }
}

@Controller('shop')
class Shop {
  @Get()
  @UseGuards(PassportGuard)
  @PassportPolicy({ site: 'shop', allowForeignLogins: true })
  shop(@Req() request: Request) {
    return userOf(request);
  }
}

const agentOf: LimeToUser = ({ claims }) => ({ agent: claims.agent_id });

describe.each(HTTP_PLATFORMS)('The option toUser on %s', (platform) => {
  const start = useStarter();

  async function startSite(toUser?: LimeToUser) {
    const started = await start.site({ platform, controllers: [Routes], options: { toUser } });
    const get = async (path: string, passport?: string) => {
      const headers = passport === undefined ? {} : bearer(passport);
      const answer = await fetch(`${started.url}/${path}`, { headers });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    return { ...started, get };
  }

  it.each<[string, LimeToUser]>([
    ['a value', agentOf],
    ['a promise', (passport, context) => Promise.resolve(agentOf(passport, context))],
  ])('fills request.user: %s', async (_, toUser) => {
    const started = await startSite(toUser);
    const { passport } = await ownLogin(started, { sub: 'agent-1' });
    const answer = await started.get('me', passport);
    expect(answer).toEqual({ status: 200, body: { user: { agent: 'agent-1' } } });
  });

  it('leaves request.user alone when it is not set', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    expect(await started.get('me', passport)).toEqual({ status: 200, body: { user: null } });
    const body = { user: 'the person of the session' };
    expect(await started.get('after-session', passport)).toEqual({ status: 200, body });
  });

  it('serves a guard that looks at request.user', async () => {
    const started = await startSite(({ claims }) => ({ role: claims['role'] }));
    const staff = await ownLogin(started, { role: 'staff' });
    const guest = await ownLogin(started, { role: 'guest' });
    expect(await started.get('staff', staff.passport)).toMatchObject({ status: 200 });
    expect(await started.get('staff', guest.passport)).toMatchObject({ status: 403 });
  });

  it('gets the verified passport and the context', async () => {
    const started = await startSite((passport, context) => ({
      ...passport,
      handler: context.getHandler().name,
    }));
    const { passport, requestId } = await ownLogin(started);
    const { body } = await started.get('me', passport);
    const claims: unknown = expect.objectContaining({ request_id: requestId });
    expect(body['user']).toEqual({ valid: true, claims, handler: 'me' });
  });

  it('replaces the user of an earlier guard, also by undefined', async () => {
    const started = await startSite(({ claims }) => claims['name']);
    const named = await ownLogin(started, { name: 'the agent' });
    const nameless = await ownLogin(started);
    const path = 'after-session';
    expect((await started.get(path, named.passport)).body).toEqual({ user: 'the agent' });
    expect((await started.get(path, nameless.passport)).body).toEqual({ user: null });
  });

  it('leaves the user of an earlier guard where an optional passport is absent', async () => {
    const { get } = await startSite(agentOf);
    const body = { user: 'the person of the session' };
    expect(await get('after-session')).toEqual({ status: 200, body });
  });

  it('keeps the person who is signed in at the callback of a binding', async () => {
    const { get, lime, site, url } = await startSite(agentOf);
    const bind = async (path: string) => {
      const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/${path}` });
      const { callbackUrl } = await lime.completeBinding(bindingId, { sub: 'agent-1' });
      return (await get(path + new URL(callbackUrl).search)).body;
    };
    expect(await bind('bound-with-session')).toEqual({ user: 'the person of the session' });
    expect(await bind('bound')).toEqual({ user: { agent: 'agent-1' } });
  });

  it.each<[string, () => unknown, number]>([
    ['throws', () => thrown(new Error('no database')), 500],
    ['rejects', () => Promise.reject(new Error('no database')), 500],
    ['throws a string', () => thrown('no database'), 500],
    ['throws an exception of HTTP', () => thrown(new NotFoundException('no such account')), 404],
  ])('answers with the error and never lets in when it %s', async (_, toUser, status) => {
    const started = await startSite(toUser);
    const { passport } = await ownLogin(started);
    expect(await started.get('me', passport)).toMatchObject({ status });
  });

  it('is not called for a request that a guard refuses', async () => {
    const asked: string[] = [];
    const started = await startSite(({ claims }) => asked.push(claims.agent_id));
    const { passport } = await ownLogin(started);
    expect(await started.get('me')).toMatchObject({ status: 401 });
    expect(await started.get('me', 'no.passport.atall')).toMatchObject({ status: 401 });
    expect(await started.get('me', await started.lime.signPassport())).toMatchObject({
      status: 401,
    });
    expect(await started.get('denied', passport)).toMatchObject({ status: 403 });
    expect(asked).toEqual([]);
  });

  it('uses no single use up when it throws', async () => {
    let isDown = true;
    const started = await startSite(() => (isDown ? thrown(new Error('down')) : 'agent'));
    const { passport } = await ownLogin(started);
    expect(await started.get('once', passport)).toMatchObject({ status: 500 });
    isDown = false;
    expect(await started.get('once', passport)).toMatchObject({ status: 200 });
    expect(await started.get('once', passport)).toMatchObject({ status: 401 });
  });

  it('belongs to the site of the route', async () => {
    const lime = await start.lime();
    const shop = LimeSitesModule.forRoot({
      ...lime.moduleOptions(),
      name: 'shop',
      dispatcher: false,
      toUser: () => 'a customer of the shop',
    });
    const { url } = await start.site({
      platform,
      lime,
      imports: [shop],
      controllers: [Shop],
      options: { toUser: () => 'a reader' },
    });
    const headers = bearer(await lime.signPassport());
    const answer = await fetch(`${url}/shop`, { headers });
    expect(await answer.json()).toEqual({ user: 'a customer of the shop' });
  });
});

function thrown(error: unknown): never {
  throw error;
}
