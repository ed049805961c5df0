import {
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, ModuleRef, Reflector, REQUEST } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  LimeError,
  LimeSitesModule,
  PassportGuard,
  PassportPolicy,
  type RoutePolicy,
} from 'nestjs-lime-sites';
import { failureOf } from '../support/failure-of.js';
import { featureModule } from '../support/feature-module.js';
import { bearer } from '../support/own-login.js';
import { useStarter } from '../support/start-site.js';

@Controller()
class Open {
  @Get()
  route(): void {}
}

@Controller()
class Guarded {
  @Get()
  @UseGuards(PassportGuard)
  route(): void {}
}

@Controller()
@UseGuards(BindingPassportGuard)
class GuardedCallback {
  @Get()
  route(): void {}
}

describe('An application without LimeSitesModule', () => {
  const start = useStarter();

  it.each([
    ['a method', { controllers: [Guarded] }, 'PassportGuard'],
    ['a class', { controllers: [GuardedCallback] }, 'BindingPassportGuard'],
    ['a feature module', { imports: [featureModule({ controllers: [Guarded] })] }, 'PassportGuard'],
    [
      'the application',
      { controllers: [Open], providers: [{ provide: APP_GUARD, useClass: PassportGuard }] },
      'PassportGuard',
    ],
  ])('does not start with a guard on %s', async (_, parts, guard) => {
    const error = await failureOf(LimeError, start.app(parts));
    expect(error.code).toBe('MISSING_MODULE');
    expect(error.message).toBe(
      `${guard} needs LimeSitesModule, which the application does not import. Import LimeSitesModule.forRoot() in the ` +
        'root module, or override the guard in a test',
    );
  });

  it('names the missing module at the request when the guard is request-scoped', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScopedGuard extends PassportGuard {
      constructor(
        reflector: Reflector,
        moduleRef: ModuleRef,
        adapterHost: HttpAdapterHost,
        @Inject(REQUEST) readonly request: unknown,
      ) {
        super(reflector, moduleRef, adapterHost);
      }
    }
    @Controller()
    @UseGuards(RequestScopedGuard)
    class Routes {
      @Get()
      route(): void {}
    }
    const { url, logs } = await start.app({ controllers: [Routes] });
    expect((await fetch(url, { headers: bearer('a.b.c') })).status).toBe(500);
    expect(logs.lines.map(({ message }) => message)).toContainEqual(
      expect.stringContaining(
        'RequestScopedGuard needs the site "default", which is not registered',
      ),
    );
  });

  it('starts without a guard', async () => {
    const { url } = await start.app({ controllers: [Open] });
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('An application that has only a named site', () => {
  const start = useStarter();

  async function startShop(controller: typeof Guarded) {
    const lime = await start.lime();
    const shop = LimeSitesModule.forRoot({ name: 'shop', ...lime.moduleOptions() });
    return start.app({ imports: [shop], controllers: [controller] });
  }

  it.each([
    [Guarded, 'Guarded.route'],
    [GuardedCallback, 'GuardedCallback.route'],
  ])('does not start with a guard for the site without a name: %p', async (routes, place) => {
    const error = await failureOf(LimeError, startShop(routes));
    expect(error.code).toBe('UNKNOWN_SITE');
    expect(error.message).toContain(`${place} is for the site "default"`);
    expect(error.message).toContain('the sites of this application are: shop.');
  });

  it('starts when the policy names the site', async () => {
    @Controller()
    @PassportPolicy({ site: 'shop' })
    class Routes {
      @Get()
      @UseGuards(PassportGuard)
      route(): void {}
    }
    const { url } = await startShop(Routes);
    expect((await fetch(url, { headers: bearer('a.b.c') })).status).toBe(401);
  });

  it('starts when a custom guard chooses the site', async () => {
    @Injectable()
    class ShopGuard extends PassportGuard {
      protected override getPolicy(context: ExecutionContext): RoutePolicy {
        return { ...super.getPolicy(context), site: 'shop' };
      }
    }
    @Controller()
    class Routes {
      @Get()
      @UseGuards(ShopGuard)
      route(): void {}
    }
    const { url } = await startShop(Routes);
    expect((await fetch(url, { headers: bearer('a.b.c') })).status).toBe(401);
  });
});

describe('A provider of an unusual shape', () => {
  const start = useStarter();

  it.each<[string, unknown]>([
    ['an object without a prototype', Object.create(null)],
    ['an object whose prototype has no class', Object.create(Object.create(null) as object)],
    [
      'an object whose class is an arrow function',
      Object.create({ constructor: () => 1, go() {} }),
    ],
  ])('does not stop the start: %s', async (_, useValue) => {
    await expect(
      start.site({ providers: [{ provide: 'STRANGE', useValue }] }),
    ).resolves.toBeDefined();
  });
});
