import {
  applyDecorators,
  Controller,
  type ExecutionContext,
  Get,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  fromHeader,
  fromQuery,
  LimeError,
  LimeSitesModule,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportPolicyOptions,
} from 'nestjs-lime-sites';
import { failureOf } from '../support/failure-of.js';
import { bearer, ownLogin } from '../support/own-login.js';
import { useStarter } from '../support/start-site.js';

/** A custom decorator that requires a role. */
function Role(role: string): ClassDecorator & MethodDecorator {
  return PassportPolicy({
    allow: ({ roles }) => Array.isArray(roles) && roles.includes(role),
  });
}

const Once = () => applyDecorators(PassportPolicy({ singleUse: true }));
const Staff = () => applyDecorators(UseGuards(PassportGuard), Role('staff'));

/** Replaces the method by another function and copies the metadata, as tracing libraries do. */
function Wrapped(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const { value } = descriptor;
    if (typeof value !== 'function') return descriptor;
    const wrapper = function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply(value, this, args) as unknown;
    };
    for (const key of Reflect.getMetadataKeys(value)) {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, value), wrapper);
    }
    return { ...descriptor, value: wrapper as typeof value };
  };
}

@Controller('places')
@UseGuards(PassportGuard)
@Role('class-1')
@Role('class-2')
class Places {
  @Get('class')
  ofClass() {
    return {};
  }

  @Get('method')
  @Role('method')
  ofMethod() {
    return {};
  }

  @Get('several')
  @Role('method-1')
  @Role('method-2')
  @Role('method-3')
  ofSeveral() {
    return {};
  }

  @Get('once-staff')
  @Once()
  @Staff()
  onceStaff() {
    return {};
  }

  @Get('staff-once')
  @Staff()
  @Once()
  staffOnce() {
    return {};
  }

  @Get('undefined')
  @PassportPolicy({
    allow: undefined,
    requestId: undefined,
    singleUse: undefined,
    allowForeignLogins: undefined,
    optional: undefined,
    from: undefined,
    site: undefined,
  })
  ofUndefined() {
    return {};
  }

  @Get('empty')
  @PassportPolicy({})
  ofEmpty() {
    return {};
  }
}

@UseGuards(PassportGuard)
@Role('base-class')
class Base {
  @Get('inherited')
  @Role('base-method')
  inherited() {
    return {};
  }

  @Get('plain')
  @Role('base-method')
  plain() {
    return {};
  }

  @Get('decorated')
  @Role('base-method')
  decorated() {
    return {};
  }

  @Get('wrapped')
  @Role('base-method')
  wrapped() {
    return {};
  }
}

@Controller('sub')
@Role('sub-class')
class Sub extends Base {
  @Get('plain')
  override plain() {
    return {};
  }

  @Get('decorated')
  @Role('sub-method')
  override decorated() {
    return {};
  }

  @Wrapped()
  @Get('wrapped')
  @Role('sub-method')
  override wrapped() {
    return {};
  }
}

@Controller('undecorated')
class Undecorated extends Base {}

@Controller('third')
class Third extends Sub {
  @Get('decorated')
  @Role('third-method')
  override decorated() {
    return {};
  }
}

describe('Policies of one route', () => {
  const start = useStarter();

  async function startSite(controllers: Type[]) {
    const started = await start.site({ controllers, options: { dispatcher: false } });
    const statusOf = async (path: string, passport?: string, headers = {}) => {
      const credentials = passport === undefined ? {} : bearer(passport);
      const answer = await fetch(`${started.url}/${path}`, {
        headers: { ...credentials, ...headers },
      });
      return answer.status;
    };
    const logInAs = async (roles: readonly string[]) =>
      (await ownLogin(started, { roles })).passport;
    return { ...started, statusOf, logInAs };
  }

  it.each<[string, string[]]>([
    ['places/class', ['class-1', 'class-2']],
    ['places/method', ['class-1', 'class-2', 'method']],
    ['places/several', ['class-1', 'class-2', 'method-1', 'method-2', 'method-3']],
    ['places/once-staff', ['class-1', 'class-2', 'staff']],
    ['places/staff-once', ['class-1', 'class-2', 'staff']],
    ['places/undefined', ['class-1', 'class-2']],
    ['places/empty', ['class-1', 'class-2']],
    ['undecorated/inherited', ['base-class', 'base-method']],
    ['sub/inherited', ['base-class', 'base-method', 'sub-class']],
    ['sub/plain', ['base-class', 'base-method', 'sub-class']],
    ['sub/decorated', ['base-class', 'base-method', 'sub-class', 'sub-method']],
    ['sub/wrapped', ['base-class', 'base-method', 'sub-class', 'sub-method']],
    ['third/inherited', ['base-class', 'base-method', 'sub-class']],
    ['third/plain', ['base-class', 'base-method', 'sub-class']],
    ['third/wrapped', ['base-class', 'base-method', 'sub-class', 'sub-method']],
    ['third/decorated', ['base-class', 'base-method', 'sub-class', 'sub-method', 'third-method']],
  ])('all apply: %s requires exactly %j', async (path, roles) => {
    const { statusOf, logInAs } = await startSite([Places, Sub, Undecorated, Third]);
    for (const missing of roles) {
      const others = roles.filter((role) => role !== missing);
      expect([missing, await statusOf(path, await logInAs(others))]).toEqual([missing, 403]);
    }
    expect(await statusOf(path, await logInAs(roles))).toBe(200);
  });

  it.each(['places/once-staff', 'places/staff-once'])(
    'all apply in any order of decorators: %s counts a login once',
    async (path) => {
      const { statusOf, logInAs } = await startSite([Places]);
      const passport = await logInAs(['class-1', 'class-2', 'staff']);
      expect(await statusOf(path, passport)).toBe(200);
      expect(await statusOf(path, passport)).toBe(401);
    },
  );

  it.each<[string, PassportPolicyOptions, PassportPolicyOptions, number]>([
    ['false cannot take back true', { singleUse: true }, { singleUse: false }, 401],
    ['true comes on top of false', { singleUse: false }, { singleUse: true }, 401],
    ['undefined cannot take back true', { singleUse: true }, { singleUse: undefined }, 401],
    ['false alone asks for nothing', { singleUse: false }, { singleUse: false }, 200],
  ])('add up for singleUse: %s', async (_, ofClass, ofMethod, second) => {
    for (const controller of [onClassAndMethod(ofClass, ofMethod), composed(ofClass, ofMethod)]) {
      const { statusOf, logInAs } = await startSite([controller]);
      const passport = await logInAs([]);
      expect(await statusOf('route', passport)).toBe(200);
      expect(await statusOf('route', passport)).toBe(second);
    }
  });

  it.each<[string, PassportPolicyOptions, PassportPolicyOptions, number]>([
    ['true and true', { allowForeignLogins: true }, { allowForeignLogins: true }, 200],
    ['true and undefined', { allowForeignLogins: true }, { allowForeignLogins: undefined }, 200],
    ['undefined and true', { allowForeignLogins: undefined }, { allowForeignLogins: true }, 200],
    ['true and nothing', { allowForeignLogins: true }, {}, 200],
    ['true and false', { allowForeignLogins: true }, { allowForeignLogins: false }, 401],
    ['false and true', { allowForeignLogins: false }, { allowForeignLogins: true }, 401],
    ['nothing and false', {}, { allowForeignLogins: false }, 401],
    ['nothing and nothing', {}, {}, 401],
  ])('open a route to foreign logins unless one sets false: %s', async (_, a, b, status) => {
    for (const controller of [onClassAndMethod(a, b), composed(a, b), inherited(a, b)]) {
      const { lime, statusOf } = await startSite([controller]);
      expect(await statusOf('route', await lime.signPassport())).toBe(status);
    }
  });

  it.each<[string, PassportPolicyOptions, PassportPolicyOptions, number]>([
    ['true and true', { optional: true }, { optional: true }, 200],
    ['true and undefined', { optional: true }, { optional: undefined }, 200],
    ['nothing and true', {}, { optional: true }, 200],
    ['true and nothing', { optional: true }, {}, 200],
    ['true and false', { optional: true }, { optional: false }, 401],
    ['false and true', { optional: false }, { optional: true }, 401],
    ['nothing and nothing', {}, {}, 401],
  ])('make the passport optional unless one sets false: %s', async (_, a, b, status) => {
    for (const controller of [onClassAndMethod(a, b), composed(a, b), inherited(a, b)]) {
      const { statusOf } = await startSite([controller]);
      expect(await statusOf('route')).toBe(status);
      expect(await statusOf('route', 'no.passport.atall')).toBe(401);
    }
  });

  it('compare each id that one of them names', async () => {
    const ids = [{ requestId: { query: 'a' } }, { requestId: { query: 'b' } }] as const;
    const started = await startSite([onClassAndMethod(...ids)]);
    const { statusOf } = started;
    const [mine, yours] = [await ownLogin(started), await ownLogin(started)];
    const { passport } = mine;
    const same = `route?a=${mine.requestId}&b=${mine.requestId}`;
    expect(await statusOf(same, passport)).toBe(200);
    expect(await statusOf(same, yours.passport)).toBe(401);
    expect(await statusOf(`route?a=${mine.requestId}&b=${yours.requestId}`, passport)).toBe(401);
    expect(await statusOf(`route?a=${yours.requestId}&b=${mine.requestId}`, passport)).toBe(401);
    expect(await statusOf(`route?a=${mine.requestId}`, passport)).toBe(400);
    expect(await statusOf(`route?b=${mine.requestId}`, passport)).toBe(400);
  });

  it('keep the id of the class where that of the method is undefined', async () => {
    const controller = onClassAndMethod({ requestId: { query: 'a' } }, { requestId: undefined });
    const started = await startSite([controller]);
    const [mine, yours] = [await ownLogin(started), await ownLogin(started)];
    expect(await started.statusOf(`route?a=${mine.requestId}`, mine.passport)).toBe(200);
    expect(await started.statusOf(`route?a=${yours.requestId}`, mine.passport)).toBe(401);
    expect(await started.statusOf('route', mine.passport)).toBe(400);
  });

  it('look for the passport in all their places, and in no other', async () => {
    const controller = onClassAndMethod({ from: fromHeader() }, { from: [fromQuery()] });
    const started = await startSite([controller]);
    const { passport } = await ownLogin(started);
    const header = { 'x-lime-passport': passport };
    expect(await started.statusOf('route', undefined, header)).toBe(200);
    expect(await started.statusOf(`route?passport=${passport}`)).toBe(200);
    expect(await started.statusOf(`route?passport=${passport}`, undefined, header)).toBe(400);
    expect(await started.statusOf('route', passport)).toBe(401);
  });

  it('do not change after the decorator is applied', async () => {
    const policy: PassportPolicyOptions = { allow: () => false };
    const controller = onClassAndMethod(policy, {});
    policy.allow = () => true;
    const { statusOf, logInAs } = await startSite([controller]);
    expect(await statusOf('route', await logInAs([]))).toBe(403);
  });

  it('can be objects of a class with the rule as a method', async () => {
    class Closed implements PassportPolicyOptions {
      allow(): boolean {
        return false;
      }
    }
    const { statusOf, logInAs } = await startSite([onClassAndMethod(new Closed(), {})]);
    expect(await statusOf('route', await logInAs([]))).toBe(403);
  });

  it.each<[string, () => Type]>([
    ['class and method', () => onClassAndMethod({ site: 'shop' }, { site: 'forum' })],
    ['two decorators of one method', () => composed({ site: 'shop' }, { site: 'forum' })],
    ['class and base class', () => inherited({ site: 'shop' }, { site: 'forum' })],
    ['a method and the one it overrides', () => overridden({ site: 'shop' }, { site: 'forum' })],
  ])('stop the start when they name two sites: %s', async (_, make) => {
    const error = await failureOf(LimeError, startShops(make()));
    expect(error.code).toBe('CONFLICTING_POLICIES');
    expect(error.message).toMatch(/Route\.route.*(shop.*forum|forum.*shop)/);
  });

  it('stop the start when an overridden method names a site that is not registered', async () => {
    const error = await failureOf(LimeError, startShops(overridden({ site: 'blog' }, {})));
    expect(error.code).toBe('UNKNOWN_SITE');
    expect(error.message).toContain('Route.route is for the site "blog"');
  });

  it('can name one site several times', async () => {
    const { url } = await startShops(overridden({ site: 'shop' }, { site: 'shop' }));
    expect((await fetch(`${url}/route`)).status).toBe(401);
  });

  async function startShops(controller: Type) {
    const lime = await start.lime();
    const imports = ['shop', 'forum'].map((name) =>
      LimeSitesModule.forRoot({ name, dispatcher: false, ...lime.moduleOptions() }),
    );
    return start.site({ lime, imports, controllers: [controller], options: { dispatcher: false } });
  }
});

describe('@PassportPolicy()', () => {
  const source = 'a function, { param }, { query } or { body }';

  it.each<[string, unknown, string]>([
    ['requestId', 'id', `needs ${source} as requestId, got "id"`],
    ['requestId', {}, source],
    ['requestId', { param: 7 }, source],
    ['requestId', { header: 'id' }, source],
    ['requestId', { param: 'a', query: 'b' }, source],
    ['requestId', null, source],
    ['allow', true, 'needs a function as allow, got true'],
    ['allow', null, 'needs a function as allow, got null'],
    ['allow', [() => true], 'needs a function as allow'],
    ['singleUse', 'true', 'needs true or false as singleUse, got "true"'],
    ['singleUse', 1, 'needs true or false as singleUse, got 1'],
    ['singleUse', null, 'needs true or false as singleUse, got null'],
    ['allowForeignLogins', 'false', 'needs true or false as allowForeignLogins, got "false"'],
    ['allowForeignLogins', 0, 'needs true or false as allowForeignLogins, got 0'],
    ['optional', 'false', 'needs true or false as optional, got "false"'],
    ['optional', null, 'needs true or false as optional, got null'],
    ['from', [], 'needs an extractor or a list of them as from'],
    ['from', 'header', 'needs an extractor or a list of them as from, got "header"'],
    ['from', [fromQuery(), 'header'], 'needs an extractor or a list of them as from'],
    ['site', '', 'needs the name of a site as site, got ""'],
    ['site', 7, 'needs the name of a site as site, got 7'],
    ['minKycLevel', 2, 'does not have the option minKycLevel'],
    ['minReputation', undefined, 'does not have the option minReputation'],
    ['anyRequest', true, 'does not have the option anyRequest'],
    ['toString', () => 'x', 'does not have the option toString'],
  ])('throws with a wrong %s: %p', (name, value, message) => {
    const decorate = () => PassportPolicy({ [name]: value });
    expect(decorate).toThrow(LimeError);
    expect(decorate).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    expect(decorate).toThrow(message);
    expect(decorate).toThrow('@PassportPolicy()');
  });

  it.each([undefined, null, 'strict', 7])('throws for %p in place of options', (policy) => {
    expect(() => PassportPolicy(policy as unknown as PassportPolicyOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it('names its options in the error for an unknown one', () => {
    expect(() => PassportPolicy({ minKyc: 3 } as PassportPolicyOptions)).toThrow(
      'it has requestId, allow, singleUse, allowForeignLogins, optional, from, site',
    );
  });

  it.each<PassportPolicyOptions>([
    {},
    { requestId: { param: 'id' } },
    { requestId: { query: 'id' } },
    { requestId: { body: 'id' } },
    { requestId: (context: ExecutionContext) => context.getType() },
    { allow: () => false, singleUse: false, allowForeignLogins: true, optional: true },
    { from: fromQuery(), site: 'shop' },
    { from: [fromQuery(), fromHeader()] },
    { requestId: undefined, allow: undefined, singleUse: undefined, from: undefined },
  ])('accepts right options: %p', (policy) => {
    expect(PassportPolicy(policy)).toBeInstanceOf(Function);
  });
});

function onClassAndMethod(ofClass: PassportPolicyOptions, ofMethod: PassportPolicyOptions): Type {
  @Controller()
  @UseGuards(PassportGuard)
  @PassportPolicy(ofClass)
  class Route {
    @Get('route')
    @PassportPolicy(ofMethod)
    route(@Passport('request_id') requestId: string) {
      return { requestId };
    }
  }
  return Route;
}

function composed(one: PassportPolicyOptions, other: PassportPolicyOptions): Type {
  @Controller()
  @UseGuards(PassportGuard)
  class Route {
    @Get('route')
    @applyDecorators(PassportPolicy(one), PassportPolicy(other))
    route(@Passport('request_id') requestId: string) {
      return { requestId };
    }
  }
  return Route;
}

function inherited(ofBase: PassportPolicyOptions, ofSub: PassportPolicyOptions): Type {
  @UseGuards(PassportGuard)
  @PassportPolicy(ofBase)
  class General {
    @Get('route')
    route(@Passport('request_id') requestId: string) {
      return { requestId };
    }
  }

  @Controller()
  @PassportPolicy(ofSub)
  class Route extends General {}
  return Route;
}

function overridden(ofBase: PassportPolicyOptions, ofSub: PassportPolicyOptions): Type {
  class General {
    @PassportPolicy(ofBase)
    route(requestId: string) {
      return { requestId };
    }
  }

  @Controller()
  @UseGuards(PassportGuard)
  class Route extends General {
    @Get('route')
    @PassportPolicy(ofSub)
    override route(@Passport('request_id') requestId: string) {
      return super.route(requestId);
    }
  }
  return Route;
}
