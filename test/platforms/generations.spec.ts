import { Controller, Get, UseGuards } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  ApiError,
  BindingPassportGuard,
  fromQuery,
  type LimeLoginRejection,
  type LimeSitesModuleOptions,
  Passport,
  PassportGuard,
  PassportPolicy,
} from 'nestjs-lime-sites';
import { ManualClock, SandboxAgent, type SandboxPlatform } from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { bearer, ownLogin } from '../support/own-login.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

interface Generation {
  readonly platform: SandboxPlatform;
  /** The claims of a verified login passport beside those of all generations. */
  readonly claims: (userId: string, origin: string) => object;
  readonly namesIssuer: boolean;
  /** The parameter of a binding's callback. */
  readonly callback: 'code' | 'passport' | 'none';
}

const GENERATIONS: readonly Generation[] = [
  {
    platform: '2026-09',
    claims: (user_id, iss) => ({ iss, user_id, passport_version: '5' }),
    namesIssuer: true,
    callback: 'code',
  },
  {
    platform: '2026-07',
    claims: (user_id) => ({
      user_id,
      user_kyc_level: 2,
      agent_reputation: 80,
      passport_version: '3',
    }),
    namesIssuer: false,
    callback: 'passport',
  },
  {
    platform: '2026-06',
    claims: (user_id) => ({
      owner_id: user_id,
      user_id, // filled by the module
      owner_kyc_level: 2,
      agent_reputation: 80,
    }),
    namesIssuer: false,
    callback: 'none',
  },
];

const INVALID = { status: 401, body: { code: 'invalid_token' } };
const MISSING = { status: 401, body: { code: 'missing_token' } };

@Controller()
class Routes {
  @UseGuards(PassportGuard)
  @Get('me')
  me(@Passport('agent_id') agentId: string) {
    return { agentId };
  }

  @UseGuards(BindingPassportGuard)
  @Get('bound-by-code')
  boundByCode(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @UseGuards(BindingPassportGuard)
  @PassportPolicy({ from: fromQuery('passport') })
  @Get('bound-by-passport')
  boundByPassport(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }
}

describe.each(GENERATIONS)('A site on the LIME of $platform', (generation) => {
  const { platform, namesIssuer, callback } = generation;
  const start = useStarter();

  async function startSite(options: LimeSitesModuleOptions = {}) {
    const clock = new ManualClock();
    const started = await start.site({
      clock,
      options,
      sandbox: { platform, clock },
      providers: [RecordingHandler],
      controllers: [Routes],
    });
    await started.lime.whenStreamOpen();
    const handler = started.app.get(RecordingHandler);
    const rejections: LimeLoginRejection[] = [];
    started.site.rejections$.subscribe((rejection) => rejections.push(rejection));
    const origin = new URL(started.lime.baseUrl).origin;
    const get = async (path: string, headers = {}) => {
      const response = await fetch(new URL(path, started.url), { headers });
      return { status: response.status, body: await response.json() };
    };
    return { ...started, clock, handler, rejections, origin, get };
  }

  it('logs an agent in: proof of work, verified event, guarded route', async () => {
    const { lime, site, handler, origin, get } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const { status } = await new SandboxAgent(lime).login(requestId);
    expect(status).toBe('DELIVERED');

    const event = await until(() => handler.events[0]);
    if (event.type !== 'approved') throw new Error(`The outcome is ${event.type}`);
    const { agentId, userId } = lime.agent;
    const { iat, exp } = event.claims;
    expect(event).toMatchObject({ requestId });
    expect(event.claims).toEqual({
      sub: agentId,
      agent_id: agentId,
      aud: 'lime-site-login',
      request_id: requestId,
      iat,
      exp,
      ...generation.claims(userId, origin),
    });
    expect(await get('/me', bearer(event.passport))).toEqual({ status: 200, body: { agentId } });
    expect(handler.events).toHaveLength(1);
  });

  it('expires a login request that no agent approves', async () => {
    const { lime, site, clock, handler } = await startSite();
    const { requestId, expiresAt } = await site.createLoginRequest();
    clock.advance(expiresAt.getTime() - clock.now());

    const event = await until(() => handler.events[0]);
    expect(event).toMatchObject({ type: 'expired', requestId, origin: 'platform', passport: null });
    await expect(new SandboxAgent(lime).login(requestId)).rejects.toMatchObject({
      code: 'SITE_LOGIN_CONFLICT',
    });
    expect(handler.events).toHaveLength(1);
  });

  it('refuses the passport of a login that another site started', async () => {
    const { lime, get } = await startSite();
    const { requestId } = lime.createLoginRequest();
    const passport = await lime.signPassport({ request_id: requestId });
    expect(await get('/me', bearer(passport))).toMatchObject(INVALID);
  });

  it('refuses an approval with a passport of another kind', async () => {
    const { lime, site, handler, rejections, get } = await startSite();
    const { requestId } = await site.createLoginRequest();
    const { passport } = await lime.approve(requestId, { aud: 'lime-binding', binding_id: 'br_1' });

    const { error } = await until(() => rejections[0]);
    expect(error).toMatchObject({ code: 'PASSPORT_AUDIENCE', actual: 'lime-binding' });
    expect(await get('/me', bearer(passport))).toMatchObject(INVALID);
    expect(handler.events).toEqual([]);
  });

  it('refuses the passport of another platform', async () => {
    const { site, get } = await startSite();
    const other = await start.lime({ platform });
    const { requestId } = await site.createLoginRequest();
    const passport = await other.signPassport({ request_id: requestId });
    expect(await get('/me', bearer(passport))).toMatchObject(INVALID);
  });

  it('accepts a passport without an issuer only from a platform that sends none', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started, { iss: undefined });
    const answer = await started.get('/me', bearer(passport));
    expect(answer).toMatchObject(namesIssuer ? INVALID : { status: 200 });
    const named = await ownLogin(started, { iss: started.origin });
    expect(await started.get('/me', bearer(named.passport))).toMatchObject({ status: 200 });
  });

  it('refuses the approvals of a platform that sends no issuer, except with issuer false', async () => {
    const { lime, site, handler, rejections } = await startSite({ issuer: undefined });
    const { requestId } = await site.createLoginRequest();
    await lime.approve(requestId);
    await until(() => handler.events.length + rejections.length === 1);
    expect(handler.requestIds).toEqual(namesIssuer ? [requestId] : []);
    expect(rejections).toMatchObject(namesIssuer ? [] : [{ error: { code: 'PASSPORT_ISSUER' } }]);
  });

  if (callback === 'none') {
    it('cannot create a binding on a platform without bindings', async () => {
      const { site } = await startSite();
      const redirectUri = 'https://shop.example/callback';
      const error = await failureOf(ApiError, site.createBindingRequest({ redirectUri }));
      expect(error.httpStatus).toBe(404);
      await expect(site.exchangeBindingCode('bc_1')).rejects.toMatchObject({ httpStatus: 404 });
    });
    return;
  }

  it(`binds an agent by the ${callback} of the callback`, async () => {
    const { lime, site, url, get } = await startSite();
    const redirectUri = `${url}/bound-by-${callback}`;
    const { bindingId, connectUrl } = await site.createBindingRequest({ redirectUri });
    expect(connectUrl).toBe(lime.binding(bindingId)?.connectUrl);
    const { callbackUrl } = await lime.completeBinding(bindingId);
    expect(await get(callbackUrl)).toEqual({ status: 200, body: { bindingId } });
  });

  it('refuses the binding that another site started', async () => {
    const { lime, url, get } = await startSite();
    const other = await start.site({ lime });
    const redirectUri = `${url}/bound-by-${callback}`;
    const { bindingId } = await other.site.createBindingRequest({ redirectUri });
    const { callbackUrl } = await lime.completeBinding(bindingId);
    expect(await get(callbackUrl)).toMatchObject(INVALID);
  });

  it('refuses the callback of a binding that the person declined', async () => {
    const { lime, site, url, get } = await startSite();
    const redirectUri = `${url}/bound-by-${callback}`;
    const { bindingId } = await site.createBindingRequest({ redirectUri });
    const { callbackUrl } = lime.declineBinding(bindingId);
    expect(await get(callbackUrl)).toMatchObject(MISSING);
  });

  it('refuses the callback of another generation', async () => {
    const { lime, site, url, get } = await startSite();
    const other = callback === 'code' ? 'passport' : 'code';
    const redirectUri = `${url}/bound-by-${other}`;
    const { bindingId } = await site.createBindingRequest({ redirectUri });
    const { callbackUrl } = await lime.completeBinding(bindingId);
    expect(await get(callbackUrl)).toMatchObject(MISSING);
  });
});
