import {
  Controller,
  type ExecutionContext,
  Get,
  ImATeapotException,
  Injectable,
  Next,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  Passport,
  type PassportClaims,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, type SiteSetup, useStarter } from '../support/start-site.js';

/** A guard with its own answer. */
@Injectable()
class TeaGuard extends PassportGuard {
  protected override createException(): Error {
    return new ImATeapotException();
  }
}

@Controller('once')
@UseGuards(PassportGuard)
@PassportPolicy({ singleUse: true })
class OnceRoutes {
  @Get()
  once(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('guarded-again')
  @UseGuards(PassportGuard)
  guardedAgain(@Passport('request_id') requestId: string) {
    return { requestId };
  }

  @Get('guarded-otherwise')
  @UseGuards(TeaGuard)
  guardedOtherwise(@Passport('request_id') requestId: string) {
    return { requestId };
  }
}

/** Two guards with the same name, as bundlers make them. */
function refusingGuard(): Type<PassportGuard> {
  @Injectable()
  class Guard extends PassportGuard {
    protected override verify(): Promise<PassportClaims> {
      throw new ImATeapotException();
    }
  }
  return Guard;
}

function acceptingGuard(): Type<PassportGuard> {
  @Injectable()
  class Guard extends PassportGuard {}
  return Guard;
}

@Controller('namesakes')
class NamesakeRoutes {
  @Get()
  @UseGuards(acceptingGuard(), refusingGuard())
  route() {
    return {};
  }
}

@Controller('both')
@UseGuards(PassportGuard, BindingPassportGuard)
class BothRoutes {
  @Get()
  route(@Passport() { claims }: { claims: { aud: string } }) {
    return { aud: claims.aud };
  }
}

describe.each(HTTP_PLATFORMS)('Guards that are applied together on %s', (platform) => {
  const start = useStarter();
  const globally = [{ provide: APP_GUARD, useClass: PassportGuard }];

  async function startSite(setup: SiteSetup) {
    const options = { dispatcher: false };
    const started = await start.site({ platform, options, ...setup });
    const get = (path: string, passport: string) =>
      fetch(`${started.url}/${path}`, { headers: bearer(passport) });
    return { ...started, get };
  }

  it.each<[string, string, SiteSetup]>([
    ['globally and on the class', 'once', { providers: globally }],
    ['on class and method', 'once/guarded-again', {}],
    ['globally, on class and method', 'once/guarded-again', { providers: globally }],
    ['on the class, and a subclass on the method', 'once/guarded-otherwise', {}],
    ['in all three places', 'once/guarded-otherwise', { providers: globally }],
  ])('count one use of a login for a request: %s', async (_, path, setup) => {
    const started = await startSite({ controllers: [OnceRoutes], ...setup });
    const { passport, requestId } = await ownLogin(started);
    const first = await started.get(path, passport);
    expect(first.status).toBe(200);
    expect(await first.json()).toEqual({ requestId });
    const second = await started.get(path, passport);
    expect(second.status).toBe(401);
    expect(await second.json()).toMatchObject({ code: 'invalid_token' });
  });

  it('accept one of many requests at the same instant', async () => {
    const started = await startSite({ controllers: [OnceRoutes], providers: globally });
    const { passport } = await ownLogin(started);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => started.get('once/guarded-otherwise', passport)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });

  it('each check on their own, also when their classes have the same name', async () => {
    const started = await startSite({ controllers: [NamesakeRoutes] });
    const { passport } = await ownLogin(started);
    expect((await started.get('namesakes', passport)).status).toBe(418);
  });

  it('require a login and a binding where both are applied', async () => {
    const started = await startSite({ controllers: [BothRoutes] });
    const { passport } = await ownLogin(started);
    const { lime, site, url, get } = started;
    const complete = async () => {
      const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/both` });
      return lime.completeBinding(bindingId);
    };
    expect((await get('both', passport)).status).toBe(401);
    const { callbackUrl } = await complete();
    expect((await fetch(callbackUrl)).status).toBe(401);
    expect(lime.callCount('exchange')).toBe(0);
    const { code } = await complete();
    const answer = await get(`both?binding_code=${code}`, passport);
    expect(await answer.json()).toEqual({ aud: 'lime-binding' });
  });
});

type NextFunction = () => void;
const reached: string[] = [];

@Controller('chain')
class FirstRoutes {
  @Get('strict')
  @UseGuards(PassportGuard)
  first(@Passport('request_id') _: string, @Next() next: NextFunction) {
    reached.push('first');
    next();
  }

  @Get('unguarded')
  @UseGuards(PassportGuard)
  second(@Passport('request_id') _: string, @Next() next: NextFunction) {
    reached.push('second');
    next();
  }
}

@Controller('chain')
class LastRoutes {
  @Get('strict')
  @UseGuards(PassportGuard)
  @PassportPolicy({ allow: (_, context: ExecutionContext) => context.getClass() !== LastRoutes })
  strict() {
    return {};
  }

  @Get('unguarded')
  unguarded(@Passport('request_id') requestId: string) {
    return { requestId };
  }
}

describe('A route handler that calls next() (Express)', () => {
  const start = useStarter();

  it('does not open the next one, whose policy is stricter', async () => {
    reached.length = 0;
    const started = await start.site({
      controllers: [FirstRoutes, LastRoutes],
      options: { dispatcher: false },
    });
    const { passport } = await ownLogin(started);
    const answer = await fetch(`${started.url}/chain/strict`, { headers: bearer(passport) });
    expect(reached).toEqual(['first']);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'access_denied' });
  });

  it('leaves no passport for the next one, which has no guard', async () => {
    reached.length = 0;
    const started = await start.site({
      controllers: [FirstRoutes, LastRoutes],
      options: { dispatcher: false },
    });
    const { passport } = await ownLogin(started);
    const answer = await fetch(`${started.url}/chain/unguarded`, { headers: bearer(passport) });
    expect(reached).toEqual(['second']);
    expect(answer.status).toBe(500);
    expect(started.logs.toString()).toContain(
      '@Passport() in LastRoutes.unguarded needs @UseGuards(PassportGuard)',
    );
  });
});
