import { Controller, Get, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  fromHeader,
  Passport,
  PassportGuard,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import { bearer, ownLogin } from '../support/own-login.js';
import { HTTP_PLATFORMS, useStarter } from '../support/start-site.js';

@Controller('articles')
@UseGuards(PassportGuard)
@PassportPolicy({ optional: true })
class Articles {
  @Get()
  read(@Passport() passport?: PassportVerificationResult) {
    return { reader: passport?.claims.agent_id ?? 'anyone' };
  }

  @Get('claim')
  claim(@Passport('agent_id') agentId?: string) {
    return { reader: agentId ?? 'anyone' };
  }

  @Get('strict')
  @PassportPolicy({ optional: false })
  strict(@Passport('agent_id') agentId: string) {
    return { reader: agentId };
  }

  @Get('ruled/:id')
  @PassportPolicy({ requestId: { param: 'id' }, allow: () => false, singleUse: true })
  ruled(@Passport('agent_id') agentId?: string) {
    return { reader: agentId ?? 'anyone' };
  }

  @Get('two-places')
  @PassportPolicy({ from: [fromHeader('x-a'), fromHeader('x-b')] })
  twoPlaces(@Passport('agent_id') agentId?: string) {
    return { reader: agentId ?? 'anyone' };
  }

  @Get('two-guards')
  @UseGuards(BindingPassportGuard)
  twoGuards(@Passport('aud') audience?: string) {
    return { reader: audience ?? 'anyone' };
  }
}

@Controller('agents')
@UseGuards(BindingPassportGuard)
class Callbacks {
  @Get('callback')
  @PassportPolicy({ optional: true })
  callback(@Passport('binding_id') bindingId?: string) {
    return { bound: bindingId ?? 'declined' };
  }
}

const ANYONE = { status: 200, body: { reader: 'anyone' } };
const INVALID = { status: 401, body: { code: 'invalid_token' } };

describe.each(HTTP_PLATFORMS)('A guard with optional on %s', (platform) => {
  const start = useStarter();

  async function startSite(options: { global?: boolean } = {}) {
    const started = await start.site({
      platform,
      controllers: [Articles, Callbacks],
      providers: options.global ? [{ provide: APP_GUARD, useClass: PassportGuard }] : [],
    });
    const get = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${started.url}/${path}`, { headers });
      const body = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, body };
    };
    return { ...started, get };
  }

  it.each(['articles', 'articles/claim'])(
    'lets a request without a passport in to %s, with @Passport() undefined',
    async (path) => {
      const { get } = await startSite();
      expect(await get(path)).toEqual(ANYONE);
      expect(await get(path, { authorization: 'Basic YTpi' })).toEqual(ANYONE);
    },
  );

  it.each(['articles', 'articles/claim'])('gives %s a passport that is there', async (path) => {
    const started = await startSite();
    const { passport } = await ownLogin(started, { sub: 'agent-1' });
    const answer = await started.get(path, bearer(passport));
    expect(answer).toEqual({ status: 200, body: { reader: 'agent-1' } });
  });

  it('answers 401 to a passport that is forged, foreign or of another kind', async () => {
    const { get, lime } = await startSite();
    const tokens = [
      'no.passport.atall',
      await lime.signPassport(),
      await lime.signPassport({}, { kind: 'binding' }),
    ];
    for (const token of tokens) {
      expect(await get('articles', bearer(token))).toMatchObject(INVALID);
    }
  });

  it('answers 503 to a passport while the JWKS is unavailable, and lets others in', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500 });
    const { url } = await start.site({ platform, lime, controllers: [Articles] });
    const headers = bearer(await lime.signPassport());
    expect((await fetch(`${url}/articles`, { headers })).status).toBe(503);
    expect((await fetch(`${url}/articles`)).status).toBe(200);
  });

  it('answers 400 to two passports', async () => {
    const { get } = await startSite();
    const headers = { 'x-a': 'a.b.c', 'x-b': 'd.e.f' };
    expect(await get('articles/two-places', headers)).toMatchObject({ status: 400 });
  });

  it('applies every other rule of the route to a passport that is there', async () => {
    const started = await startSite();
    const { passport, requestId } = await ownLogin(started);
    const { get } = started;
    expect(await get('articles/ruled/lr_1')).toEqual(ANYONE);
    expect(await get('articles/ruled/lr_1', bearer(passport))).toMatchObject(INVALID);
    const denied = { status: 403, body: { code: 'access_denied' } };
    expect(await get(`articles/ruled/${requestId}`, bearer(passport))).toMatchObject(denied);
  });

  it('is strict where a policy of the route sets optional to false', async () => {
    const { get } = await startSite();
    const missing = { status: 401, body: { code: 'missing_token' } };
    expect(await get('articles/strict')).toMatchObject(missing);
  });

  it('gives @Passport() what another guard of the route verified', async () => {
    const started = await startSite();
    const { passport } = await ownLogin(started);
    const answer = await started.get('articles/two-guards', bearer(passport));
    expect(answer).toEqual({ status: 200, body: { reader: 'lime-site-login' } });
    expect(await started.get('articles/two-guards')).toEqual(ANYONE);
  });

  it('works for the whole application, beside the guard of a route', async () => {
    const started = await startSite({ global: true });
    const { passport } = await ownLogin(started, { sub: 'agent-1' });
    expect(await started.get('articles')).toEqual(ANYONE);
    const answer = await started.get('articles', bearer(passport));
    expect(answer).toEqual({ status: 200, body: { reader: 'agent-1' } });
  });

  it('lets the callback of a declined binding in, and no made-up code', async () => {
    const { get, lime, site, url } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/callback` });
    const { search } = new URL((await lime.completeBinding(bindingId)).callbackUrl);
    const callback = 'agents/callback';
    expect(await get(callback)).toEqual({ status: 200, body: { bound: 'declined' } });
    expect(await get(`${callback}?binding_code=made-up`)).toMatchObject(INVALID);
    expect(await get(callback + search)).toEqual({ status: 200, body: { bound: bindingId } });
  });
});
