import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  getLimeSiteServiceToken,
  InjectLimeSite,
  LimeError,
  type LimeHandlerContext,
  type LimeLoginEvent,
  LimeSiteService,
  LimeSitesModule,
  OnLimeLogin,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { failureOf } from '../support/failure-of.js';
import { featureModule } from '../support/feature-module.js';
import { bearer, ownLogin } from '../support/own-login.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

@Injectable()
class LoginsOfBoth {
  readonly ofDefault: LimeLoginEvent[] = [];
  readonly ofShop: LimeLoginEvent[] = [];

  constructor(
    readonly site: LimeSiteService,
    @InjectLimeSite('shop') readonly shop: LimeSiteService,
  ) {}

  @OnLimeLogin()
  open(event: LimeLoginEvent) {
    this.ofDefault.push(event);
  }

  @OnLimeLogin({ site: 'shop' })
  openShop(event: LimeLoginEvent) {
    this.ofShop.push(event);
  }
}

describe('Several sites in one application', () => {
  const start = useStarter();

  it('each have a service, a stream and handlers', async () => {
    const [lime, shopLime] = await Promise.all([start.lime(), start.lime()]);
    const { app, logs } = await start.app({
      imports: [
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'shop', ...shopLime.moduleOptions() }),
      ],
      providers: [LoginsOfBoth],
    });
    const logins = app.get(LoginsOfBoth);
    expect(app.get(getLimeSiteServiceToken('shop'))).toBe(logins.shop);
    expect(logins.shop).not.toBe(logins.site);

    const { requestId } = await logins.shop.createLoginRequest();
    await shopLime.approve(requestId);
    const event = await until(() => logins.ofShop[0]);
    expect(event.requestId).toBe(requestId);
    expect(logins.ofDefault).toHaveLength(0);
    expect(lime.requests()).toHaveLength(0);
    expect(logs.lines.map(({ context }) => context)).toContain('LimeSiteService:shop');
  });

  it('can share a handler, whose context has the site of the login', async () => {
    const handled: [site: string, requestId: string][] = [];
    @Injectable()
    class LoginsOfAnySite {
      @OnLimeLogin()
      @OnLimeLogin({ site: 'shop' })
      open({ requestId }: LimeLoginEvent, { site }: LimeHandlerContext) {
        handled.push([site, requestId]);
      }
    }
    const [lime, shopLime] = await Promise.all([start.lime(), start.lime()]);
    await start.app({
      imports: [
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'shop', ...shopLime.moduleOptions() }),
      ],
      providers: [LoginsOfAnySite],
    });
    await Promise.all([lime.whenStreamOpen(), shopLime.whenStreamOpen()]);
    lime.send({ type: 'expired', login_request_id: 'lr_1' });
    await until(() => handled.length === 1);
    shopLime.send({ type: 'expired', login_request_id: 'lr_2' });
    await until(() => handled.length === 2);

    expect(handled).toEqual([
      ['default', 'lr_1'],
      ['shop', 'lr_2'],
    ]);
  });

  it('can all have names', async () => {
    const lime = await start.lime();
    const { app } = await start.app({
      imports: [LimeSitesModule.forRoot({ name: 'shop', ...lime.moduleOptions() })],
    });
    const shop = app.get<LimeSiteService>(getLimeSiteServiceToken('shop'));
    await expect(shop.createLoginRequest()).resolves.toMatchObject({ status: 'PENDING' });
  });

  it.each([undefined, 'shop'])('do not start when two have the same name (%s)', async (name) => {
    const lime = await start.lime();
    const register = () =>
      LimeSitesModule.forRoot({ ...lime.moduleOptions(), ...(name && { name }) });
    const started = start.app({
      imports: [register(), featureModule({ imports: [register()] })],
    });
    const error = await failureOf(LimeError, started);
    expect(error.code).toBe('DUPLICATE_SITE');
    expect(error.message).toContain(`2 times for the site "${name ?? 'default'}"`);
    expect(error.message).toContain('forRoot({ name })');
    expect(lime.callCount('events')).toBe(0);
  });

  it('have the name "default" for the one without a name', async () => {
    const lime = await start.lime();
    const started = start.app({
      imports: [
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'default', ...lime.moduleOptions() }),
      ],
    });
    await expect(started).rejects.toMatchObject({ code: 'DUPLICATE_SITE' });
    expect(getLimeSiteServiceToken('default')).toBe(LimeSiteService);
    expect(getLimeSiteServiceToken()).toBe(LimeSiteService);
  });

  it('do not start when a decorator names a site that is not registered', async () => {
    const lime = await start.lime();
    @PassportPolicy({ site: 'shpo' })
    @Controller()
    class Orders {}
    @Controller()
    class Carts {
      @PassportPolicy({ site: 'ship' })
      @Get()
      cart(): void {}
    }
    @Injectable()
    class Logins {
      @OnLimeLogin({ site: 'sohp' })
      open(): void {}

      @OnLimeLogin({ site: 'shop' })
      openShop(): void {}
    }
    const started = start.app({
      imports: [LimeSitesModule.forRoot({ name: 'shop', ...lime.moduleOptions() })],
      controllers: [Orders, Carts],
      providers: [Logins],
    });
    const error = await failureOf(LimeError, started);
    expect(error.code).toBe('UNKNOWN_SITE');
    expect(error.message).toMatch(/Logins\.open is for the site "sohp"/);
    expect(error.message).toMatch(/Orders is for the site "shpo"; Carts\.cart .* "ship"/);
    expect(error.message).toContain('the sites of this application are: shop.');
    expect(lime.callCount('events')).toBe(0);
  });

  it('do not start with a handler for a site without a name that is not registered', async () => {
    const lime = await start.lime();
    const started = start.app({
      imports: [LimeSitesModule.forRoot({ name: 'shop', ...lime.moduleOptions() })],
      providers: [HandledLogins],
    });
    const error = await failureOf(LimeError, started);
    expect(error.message).toContain('HandledLogins.open is for the site "default"');
  });

  it('guard routes with their own logins and single use', async () => {
    const [lime, shopLime] = await Promise.all([start.lime(), start.lime()]);
    @UseGuards(PassportGuard)
    @Controller()
    class Routes {
      @Get('default')
      ofDefault(): void {}

      @PassportPolicy({ site: 'shop' })
      @Get('shop')
      ofShop(): void {}

      @PassportPolicy({ site: 'shop', singleUse: true })
      @Get('once')
      once(): void {}
    }
    const { app, url } = await start.app({
      imports: [
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'shop', ...shopLime.moduleOptions() }),
      ],
      controllers: [Routes],
    });
    const statusOf = async (path: string, passport: string) =>
      (await fetch(`${url}/${path}`, { headers: bearer(passport) })).status;
    const site = app.get(LimeSiteService);
    const shop = app.get<LimeSiteService>(getLimeSiteServiceToken('shop'));
    const ofDefault = await ownLogin({ lime, site });
    const ofShop = await ownLogin({ lime: shopLime, site: shop });
    // Both platforms sign with one key in these tests. Only the login is not known to the other site.
    expect(await statusOf('default', ofDefault.passport)).toBe(200);
    expect(await statusOf('shop', ofDefault.passport)).toBe(401);
    expect(await statusOf('default', ofShop.passport)).toBe(401);
    expect(await statusOf('shop', ofShop.passport)).toBe(200);
    expect(await statusOf('once', ofShop.passport)).toBe(200);
    expect(await statusOf('once', ofShop.passport)).toBe(401);
  });

  it('all close independently of each other', async () => {
    const [lime, shopLime] = await Promise.all([start.lime(), start.lime()]);
    shopLime.suspendSite(); // a failure of one must not affect the other
    const { app } = await start.app({
      imports: [
        LimeSitesModule.forRoot(lime.moduleOptions()),
        LimeSitesModule.forRoot({ name: 'shop', ...shopLime.moduleOptions() }),
      ],
    });
    const shop = app.get<LimeSiteService>(getLimeSiteServiceToken('shop'));
    await until(() => shop.connection.state === 'unauthorized');
    await expect(app.get(LimeSiteService).createLoginRequest()).resolves.toBeDefined();
    await app.close();
    expect([shop, app.get(LimeSiteService)].map(({ connection }) => connection.state)).toEqual([
      'closed',
      'closed',
    ]);
  });

  it('are one when the same dynamic module is imported in several places', async () => {
    const lime = await start.lime();
    const limeSites = LimeSitesModule.forRoot({ ...lime.moduleOptions(), isGlobal: false });
    await start.app({ imports: [limeSites, featureModule({ imports: [limeSites] })] });
    await lime.whenStreamOpen();
    expect(lime.callCount('events')).toBe(1);
  });

  it('can have an alias and still count once', async () => {
    const lime = await start.lime();
    const { app } = await start.app({
      imports: [LimeSitesModule.forRoot(lime.moduleOptions())],
      providers: [{ provide: 'LIME', useExisting: LimeSiteService }],
    });
    expect(app.get('LIME')).toBe(app.get(LimeSiteService));
  });
});

describe('Two applications in one process', () => {
  const start = useStarter();

  it('share nothing', async () => {
    const [one, other] = await Promise.all([
      start.site({ providers: [HandledLogins] }),
      start.site({ providers: [HandledLogins] }),
    ]);
    const { requestId } = await one.site.createLoginRequest();
    await one.lime.approve(requestId);
    await until(() => one.app.get(HandledLogins).events.length > 0);

    expect(other.app.get(HandledLogins).events).toHaveLength(0);
    expect(other.site.stats.received).toBe(0);
    expect(other.lime.requests()).toHaveLength(0);
    expect(one.lime.callCount('jwks')).toBe(1);
    expect(other.lime.callCount('jwks')).toBe(1);
  });

  it('each deliver the login when they are replicas of one site', async () => {
    const lime = await start.lime();
    const [one, other] = await Promise.all([
      start.site({ lime, providers: [HandledLogins] }),
      start.site({ lime, providers: [HandledLogins] }),
    ]);
    await lime.whenStreamOpen(2);
    const { requestId } = await one.site.createLoginRequest();
    await lime.approve(requestId);
    for (const { app } of [one, other]) {
      const event = await until(() => app.get(HandledLogins).events[0]);
      expect(event).toMatchObject({ type: 'approved', requestId });
    }
  });

  it('go on when one of them closes', async () => {
    const lime = await start.lime();
    const one = await start.site({ lime });
    const other = await start.site({ lime });
    await one.app.close();
    await expect(other.site.createLoginRequest()).resolves.toBeDefined();
    expect(other.site.connection.state).toBe('open');
  });
});

@Injectable()
class HandledLogins {
  readonly events: LimeLoginEvent[] = [];

  @OnLimeLogin()
  open(event: LimeLoginEvent) {
    this.events.push(event);
  }
}
