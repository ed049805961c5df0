/* oxlint-disable no-unused-vars -- only the types matter here */
/**
 * Uses that must compile and, after each `@ts-expect-error`, uses that must not. `tsc --noEmit` checks this file with the
 * others, and `public-types.spec.ts` in the test suite. It never runs.
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
import { LimeMcpModule, McpAgent, type McpTokenClaims } from 'nestjs-lime-sites/mcp';
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

  // @ts-expect-error An approved login is not an expired one.
  @OnLimeLogin('approved')
  approvedAsExpired(_: LimeExpiredEvent): void {}

  // @ts-expect-error An expired login has no claims.
  @OnLimeLogin({ type: 'expired' })
  expiredAsApproved(_: LimeApprovedEvent): void {}

  // @ts-expect-error Without a type the handler gets both outcomes.
  @OnLimeLogin()
  bothAsApproved(_: LimeApprovedEvent): void {}

  // @ts-expect-error Without a type the handler gets both outcomes, also with a site.
  @OnLimeLogin({ site: 'shop' })
  bothOfSiteAsExpired(_: LimeExpiredEvent): void {}

  // @ts-expect-error The handler has two parameters.
  @OnLimeLogin()
  threeParameters(_: LimeLoginEvent, __: LimeHandlerContext, ___: string): void {}

  // @ts-expect-error This outcome does not exist.
  @OnLimeLogin('rejected')
  unknownType(_: LimeLoginEvent): void {}

  // @ts-expect-error This option does not exist.
  @OnLimeLogin({ name: 'shop' })
  unknownOption(_: LimeLoginEvent): void {}

  // @ts-expect-error A property is not a method.
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
  // @ts-expect-error The code is a string.
  await site.exchangeBindingCode({ code: 'code' });
  // @ts-expect-error An unknown claim could be anything.
  const unknownClaim: string = claims['something'];
  // @ts-expect-error A login passport has no binding.
  const bindingId: string = claims.binding_id;
  // @ts-expect-error The stream is not public.
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
  {
    toUser: ({ claims }, context) => ({ id: claims.agent_id, handler: context.getHandler().name }),
  },
  { toUser: async ({ claims }) => claims.user_id },
  { challenge: { resource_metadata: 'https://your.app/.well-known/oauth-protected-resource' } },
  // @ts-expect-error A user is made by a function.
  { toUser: { id: 'agent' } },
  // @ts-expect-error A parameter of a challenge is a text.
  { challenge: { realm: 7 } },
  // @ts-expect-error `true` does not name an issuer.
  { issuer: true },
  // @ts-expect-error This option does not exist.
  { token: 'st_1' },
  // @ts-expect-error Numbers are numbers.
  { timeoutMs: '1000' },
  // @ts-expect-error `true` is not an emitter.
  { eventEmitter: true },
];

export const modules = [
  LimeSitesModule.forRoot(),
  LimeSitesModule.forRoot({ siteToken: 'st_1', name: 'shop', isGlobal: false }),
  // @ts-expect-error This option does not exist.
  LimeSitesModule.forRoot({ retries: 3 }),
  LimeSitesModule.forRootAsync({ useFactory: () => ({ siteToken: 'st_1' }), name: 'shop' }),
  // @ts-expect-error The factory does not give options.
  LimeSitesModule.forRootAsync({ useFactory: () => ({ siteToken: 7 }) }),
];

export class Routes {
  route(@Passport() _: unknown, @Passport('agent_id') __: string): void {}

  // @ts-expect-error A claim has a name.
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
  // @ts-expect-error This variable is not in the schema.
  const other: string = checked['PORT'];
  return `${checked.LIME_SITE_TOKEN} ${version} ${other}`;
}

export async function check(indicator: LimeSitesHealthIndicator): Promise<string> {
  const result = await indicator.isHealthy('lime', { site: 'shop', maxIdleMs: 60_000 });
  // @ts-expect-error The result has the given key.
  void result.other;
  // @ts-expect-error This option does not exist.
  await indicator.isHealthy('lime', { timeout: 1_000 });
  return result.lime.status;
}

export function follow(login: LimeLoginMessage, call: LimeHttpMessage): string {
  const name: 'nestjs-lime-sites:login' = LIME_CHANNELS.login;
  // @ts-expect-error Traces have no claims.
  void login.claims;
  // @ts-expect-error A call has a route and no path: paths have ids.
  void call.path;
  return `${name} ${login.result} ${call.status}`;
}

export class McpHandlers {
  agent(@McpAgent() agent: McpTokenClaims, @McpAgent('domain') domain: string): string {
    // @ts-expect-error The token names the agent and no user.
    const user: string = agent.user_id;
    return agent.agent_id + domain + user;
  }

  // @ts-expect-error The domain is a claim, and the request id is not.
  request(@McpAgent('request_id') _: string): void {}
}

LimeMcpModule.forRoot({ domain: 'mcp.example.com', toUser: ({ agent_id }) => ({ id: agent_id }) });
// @ts-expect-error Tokens are for one domain.
LimeMcpModule.forRoot({ resource: 'https://mcp.example.com/mcp' });
// @ts-expect-error It has no event stream.
LimeMcpModule.forRoot({ domain: 'mcp.example.com', dispatcher: false });
