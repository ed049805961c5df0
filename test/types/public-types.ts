/* oxlint-disable no-unused-vars -- only the types matter here */
/**
 * What must compile, and, behind each `@ts-expect-error`, what must not. `tsc --noEmit` checks this file with the rest;
 * `public-types.spec.ts` does so within the test suite. It is never run.
 */
import type {
  BindingPassportClaims,
  LimeApprovedEvent,
  LimeExpiredEvent,
  LimeHandlerContext,
  LimeLoginEvent,
  LimeHttpMessage,
  LimeLoginMessage,
  LimeSiteService,
  LimeSitesEnv,
  LimeSitesModuleOptions,
  PassportClaims,
  PassportErrorCode,
  PassportRule,
} from 'nestjs-lime-sites';
import {
  fromBearer,
  fromQuery,
  InvalidPassportError,
  LIME_CHANNELS,
  limeSitesEnvSchema,
  LimeSitesModule,
  OnLimeLogin,
  Passport,
  PassportPolicy,
  validateLimeSitesEnv,
} from 'nestjs-lime-sites';
import type { LimeSitesHealthIndicator } from 'nestjs-lime-sites/terminus';

export class Handlers {
  @OnLimeLogin()
  any(event: LimeLoginEvent, { signal }: LimeHandlerContext): boolean {
    return event.type === 'approved' && signal.aborted;
  }

  @OnLimeLogin()
  async asynchronous(_: LimeLoginEvent): Promise<void> {}

  @OnLimeLogin()
  withoutParameters(): void {}

  @OnLimeLogin('approved')
  approved({ claims }: LimeApprovedEvent): string {
    return claims.agent_id;
  }

  @OnLimeLogin('approved')
  approvedAsAny(_: LimeLoginEvent): void {}

  @OnLimeLogin({ type: 'expired', site: 'shop' })
  expired({ origin }: LimeExpiredEvent): string {
    return origin;
  }

  // @ts-expect-error An approved login is no expired one.
  @OnLimeLogin('approved')
  approvedAsExpired(_: LimeExpiredEvent): void {}

  // @ts-expect-error An expired login has no claims.
  @OnLimeLogin({ type: 'expired' })
  expiredAsApproved(_: LimeApprovedEvent): void {}

  // @ts-expect-error Without a type both outcomes come.
  @OnLimeLogin()
  bothAsApproved(_: LimeApprovedEvent): void {}

  // @ts-expect-error Without a type both outcomes come, also with a site.
  @OnLimeLogin({ site: 'shop' })
  bothOfSiteAsExpired(_: LimeExpiredEvent): void {}

  // @ts-expect-error There is no third parameter.
  @OnLimeLogin()
  threeParameters(_: LimeLoginEvent, __: LimeHandlerContext, ___: string): void {}

  // @ts-expect-error There is no such outcome.
  @OnLimeLogin('rejected')
  unknownType(_: LimeLoginEvent): void {}

  // @ts-expect-error There is no such option.
  @OnLimeLogin({ name: 'shop' })
  unknownOption(_: LimeLoginEvent): void {}

  // @ts-expect-error A property is no method.
  @OnLimeLogin()
  property = 1;
}

export function narrow(event: LimeLoginEvent): string | null {
  if (event.type === 'approved') {
    const claims: PassportClaims = event.claims;
    const passport: string = event.passport;
    return claims.request_id + passport;
  }
  const origin: 'platform' | 'local' = event.origin;
  // @ts-expect-error An expired login has no claims.
  void event.claims;
  const passport: null = event.passport;
  return passport ?? origin;
}

export async function use(site: LimeSiteService): Promise<void> {
  const { claims, valid } = await site.verifyPassport('jwt', { expectedRequestId: 'lr_1' });
  const requestId: string = claims.request_id;
  const certain: true = valid;
  const binding: BindingPassportClaims = (await site.verifyBindingPassport('jwt')).claims;
  const exchanged: BindingPassportClaims = (await site.exchangeBindingCode('code')).claims;
  const today: [issuer: string, user: string] = [claims.iss, exchanged.user_id];
  // @ts-expect-error Only platforms before September 2026 had it.
  const level: number = claims.user_kyc_level;
  // @ts-expect-error The code is a text.
  await site.exchangeBindingCode({ code: 'code' });
  // @ts-expect-error An unknown claim could be anything.
  const unknownClaim: string = claims['something'];
  // @ts-expect-error A login passport has no binding.
  const bindingId: string = claims.binding_id;
  // @ts-expect-error The stream is the module's own affair.
  site.start();
  // @ts-expect-error Options have names.
  await site.createBindingRequest('https://shop.example');
  void [requestId, certain, binding, exchanged, today, level, unknownClaim, bindingId];
}

export const options: LimeSitesModuleOptions[] = [
  {},
  { siteToken: process.env['ANY'], timeoutMs: undefined, eventEmitter: false },
  { issuer: 'https://lime.pics' },
  { issuer: ['https://lime.pics', 'https://lime.example'] },
  { issuer: false },
  // @ts-expect-error `true` names no issuer.
  { issuer: true },
  // @ts-expect-error There is no such option.
  { token: 'st_1' },
  // @ts-expect-error Numbers are numbers.
  { timeoutMs: '1000' },
  // @ts-expect-error `true` is no emitter.
  { eventEmitter: true },
];

export const modules = [
  LimeSitesModule.forRoot(),
  LimeSitesModule.forRoot({ siteToken: 'st_1', name: 'shop', isGlobal: false }),
  // @ts-expect-error There is no such option.
  LimeSitesModule.forRoot({ retries: 3 }),
  LimeSitesModule.forRootAsync({ useFactory: () => ({ siteToken: 'st_1' }), name: 'shop' }),
  // @ts-expect-error The factory does not give options.
  LimeSitesModule.forRootAsync({ useFactory: () => ({ siteToken: 7 }) }),
];

export class Routes {
  route(@Passport() _: unknown, @Passport('agent_id') __: string): void {}

  // @ts-expect-error A claim is asked for by its name.
  claimByObject(@Passport({ claim: 'sub' }) _: string): void {}
}

const ofStaff: PassportRule = (claims, context) =>
  claims.user_id === 'staff' && context.getType() === 'http';

@PassportPolicy({ allow: ofStaff, requestId: { param: 'id' }, singleUse: true, site: 'shop' })
export class GuardedRoutes {
  @PassportPolicy({ allow: async ({ passport_version }) => passport_version === '5' })
  asynchronous(): void {}

  @PassportPolicy({ from: [fromBearer(), fromQuery('passport')], allowForeignLogins: undefined })
  elsewhere(): void {}

  // @ts-expect-error Today's passports have no level.
  @PassportPolicy({ minKycLevel: 2 })
  level(): void {}

  // @ts-expect-error A rule answers true or false.
  @PassportPolicy({ allow: ({ sub }) => sub })
  ruleOfText(): void {}

  // @ts-expect-error A flag is true or false.
  @PassportPolicy({ allowForeignLogins: 'false' })
  flagOfText(): void {}

  // @ts-expect-error An id comes from one place.
  @PassportPolicy({ requestId: { header: 'x-id' } })
  idOfHeader(): void {}

  // @ts-expect-error A property is not a route.
  @PassportPolicy({ singleUse: true })
  property = 1;
}

export function reasonOf(error: unknown): PassportErrorCode | undefined {
  return error instanceof InvalidPassportError ? error.code : undefined;
}

export function configure(env: Record<string, unknown>): string {
  const checked: LimeSitesEnv = validateLimeSitesEnv(env, { allowInsecureHttp: true });
  const version: 1 = limeSitesEnvSchema['~standard'].version;
  // @ts-expect-error There is no such variable to be sure of.
  const other: string = checked['PORT'];
  return `${checked.LIME_SITE_TOKEN} ${version} ${other}`;
}

export async function check(indicator: LimeSitesHealthIndicator): Promise<string> {
  const result = await indicator.isHealthy('lime', { site: 'shop', maxIdleMs: 60_000 });
  // @ts-expect-error The result stands under the key that was given.
  void result.other;
  // @ts-expect-error There is no such option.
  await indicator.isHealthy('lime', { timeout: 1_000 });
  return result.lime.status;
}

export function follow(login: LimeLoginMessage, call: LimeHttpMessage): string {
  const name: 'nestjs-lime-sites:login' = LIME_CHANNELS.login;
  // @ts-expect-error Claims are not for traces.
  void login.claims;
  // @ts-expect-error A call has a route and no path: paths have ids.
  void call.path;
  return `${name} ${login.result} ${call.status}`;
}
