import { Controller, Get, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import {
  BindingPassportGuard,
  type BindingPassportClaims,
  fromQuery,
  type LimeSiteService,
  Passport,
  PassportPolicy,
  type PassportVerificationResult,
} from 'nestjs-lime-sites';
import type { LimeSandbox, SandboxFaults } from 'nestjs-lime-sites/testing';
import { ManualClock } from '../support/manual-clock.js';
import { HTTP_PLATFORMS, type SiteSetup, useStarter } from '../support/start-site.js';

@Controller('bind')
@UseGuards(BindingPassportGuard)
class Callbacks {
  @Get()
  callback(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('whole')
  whole(@Passport() passport: PassportVerificationResult<BindingPassportClaims>) {
    return passport;
  }

  @Get('for/:id')
  @PassportPolicy({ requestId: { param: 'id' } })
  forOne(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('foreign')
  @PassportPolicy({ allowForeignLogins: true })
  foreign(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('foreign/:id')
  @PassportPolicy({ allowForeignLogins: true, requestId: { param: 'id' } })
  foreignFor(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }

  @Get('old')
  @PassportPolicy({ from: fromQuery('passport') })
  old(@Passport('binding_id') bindingId: string) {
    return { bindingId };
  }
}

const INVALID = { status: 401, code: 'invalid_token' };
const MISSING = { status: 401, code: 'missing_token' };

describe.each(HTTP_PLATFORMS)('The callback of a binding on %s', (platform) => {
  const start = useStarter();

  async function startSite(setup: SiteSetup = {}) {
    const options = { dispatcher: false, maxRetries: 0 };
    const started = await start.site({ platform, controllers: [Callbacks], options, ...setup });
    return { ...started, bind: (path = '') => completedBinding(started, path) };
  }

  it('gets the claims of the code', async () => {
    const { lime, bind } = await startSite();
    const { bindingId, callbackUrl } = await bind('/whole');
    expect(new URL(callbackUrl).searchParams.has('binding_code')).toBe(true);
    const answer = await fetch(callbackUrl);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      valid: true,
      claims: { binding_id: bindingId, agent_id: lime.agent.agentId, aud: 'lime-binding' },
    });
  });

  it('is accepted once: the same code again is refused without another call to LIME', async () => {
    const { lime, bind } = await startSite();
    const { bindingId, callbackUrl } = await bind();
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
    expect(await answerOf(callbackUrl)).toEqual(INVALID);
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('is accepted once when the browser sends it many times at the same instant', async () => {
    const { lime, bind } = await startSite();
    const { callbackUrl } = await bind();
    const answers = await Promise.all(Array.from({ length: 8 }, () => answerOf(callbackUrl)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'invalid_token')).toHaveLength(7);
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('exchanges the code once when the guard is applied globally and on the route', async () => {
    const providers = [{ provide: APP_GUARD, useClass: BindingPassportGuard }];
    const { lime, bind } = await startSite({ providers });
    const { bindingId, callbackUrl } = await bind();
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('answers 401 without a reason for a code that LIME refuses, and does not exchange it again', async () => {
    const { lime, url } = await startSite();
    for (let time = 0; time < 2; time++) {
      const answer = await fetch(`${url}/bind?binding_code=made-up`);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await answer.json()).toEqual({
        statusCode: 401,
        error: 'Unauthorized',
        code: 'invalid_token',
        message: 'The passport is not valid here',
      });
    }
    expect(lime.callCount('exchange')).toBe(1);
  });

  it.each(['a', 'e', 'code', 'error', 'message', 'ok', 'BINDING_CODE_INVALID'])(
    'answers 401 for the made-up code "%s", also one from the words of LIME\'s answer',
    async (code) => {
      const { url } = await startSite();
      expect(await answerOf(`${url}/bind?binding_code=${code}`)).toEqual(INVALID);
    },
  );

  it.each([
    ['a blank text', ' '],
    ['a text of 1 025 characters', 'x'.repeat(1_025)],
  ])('does not send LIME a text that cannot be a code: %s', async (_, code) => {
    const { lime, url } = await startSite();
    const search = new URLSearchParams({ binding_code: code });
    expect(await answerOf(`${url}/bind?${search.toString()}`)).toEqual(INVALID);
    expect(lime.callCount('exchange')).toBe(0);
  });

  it.each<[string, (faults: SandboxFaults) => void]>([
    ['resets the connection', (faults) => faults.reset('exchange')],
    ['answers 500', (faults) => faults.respond('exchange', { status: 500 })],
    ['answers 502', (faults) => faults.respond('exchange', { status: 502, body: '<html>' })],
    ['answers 404 without a word', (faults) => faults.respond('exchange', { status: 404 })],
    ['redirects', (faults) => faults.respond('exchange', { status: 302 })],
    ['answers 429', (faults) => faults.refuse('exchange', 'RATE_LIMIT_EXCEEDED')],
    [
      'cannot check the site token',
      (faults) => faults.refuse('exchange', 'SITE_TOKEN_AUTH_UNAVAILABLE'),
    ],
    ['refuses the site token', (faults) => faults.refuse('exchange', 'SITE_TOKEN_INVALID')],
    ['suspended the site', (faults) => faults.refuse('exchange', 'SITE_SUSPENDED')],
    [
      'sends no passport',
      (faults) => faults.respond('exchange', { status: 200, body: { ok: true, data: {} } }),
    ],
  ])('answers 503 when LIME %s, and accepts the code afterwards', async (_, misbehave) => {
    const { lime, bind } = await startSite();
    const { bindingId, callbackUrl } = await bind();
    misbehave(lime.faults);
    const answer = await fetch(callbackUrl);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(await answer.json()).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      code: 'lime_unavailable',
      message: 'The binding code cannot be exchanged at the moment; try again',
    });
    expect(lime.callCount('exchange')).toBe(1);
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
  });

  it('answers 503 while the JWKS is unavailable, and accepts the code afterwards', async () => {
    const clock = new ManualClock();
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500, times: Infinity });
    const { bind } = await startSite({ lime, clock });
    const { callbackUrl, bindingId } = await bind();
    expect(await answerOf(callbackUrl)).toEqual({ status: 503, code: 'keys_unavailable' });
    expect(lime.callCount('exchange')).toBe(0);

    lime.faults.clear();
    clock.advance(30_000); // the longest backoff of the JWKS
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
  });

  it('answers 401 for a passport of LIME that is not valid', async () => {
    const { lime, site, url } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind` });
    const { callbackUrl } = await lime.completeBinding(bindingId, { aud: 'lime-site-login' });
    expect(await answerOf(callbackUrl)).toEqual(INVALID);
  });

  it.each(['', '?binding_code=', '?other=1'])(
    'answers 401 for a callback without a code: "%s"',
    async (query) => {
      const { lime, url } = await startSite();
      const answer = await fetch(`${url}/bind${query}`);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toMatchObject({ code: 'missing_token' });
      expect(lime.callCount('exchange')).toBe(0);
    },
  );

  it('answers 401 when the person declined', async () => {
    const { lime, site, url } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind` });
    const { callbackUrl } = lime.declineBinding(bindingId);
    expect(await answerOf(callbackUrl)).toEqual(MISSING);
  });

  it('answers 400 for two codes, also when both are the same, and sends LIME none', async () => {
    const { lime, bind } = await startSite();
    const { bindingId, callbackUrl, code } = await bind();
    for (const second of ['made-up', code]) {
      const answer = await fetch(`${callbackUrl}&binding_code=${second}`);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_request"');
      expect(await answer.json()).toMatchObject({ code: 'invalid_request' });
    }
    expect(lime.callCount('exchange')).toBe(0);
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
  });

  it('answers 401 for a binding that this site did not start', async () => {
    const { lime, url } = await startSite();
    const other = await start.site({ lime, options: { dispatcher: false } });
    const { callbackUrl } = await completedBinding({ ...other, url });
    expect(await answerOf(callbackUrl)).toEqual(INVALID);
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('answers 401 where the route names another binding than that of the code', async () => {
    const { site, url, bind } = await startSite();
    const other = await site.createBindingRequest({ redirectUri: `${url}/bind` });
    const { callbackUrl, code } = await bind();
    const path = `${url}/bind/for/${other.bindingId}?binding_code=${code}`;
    expect(await answerOf(path)).toEqual(INVALID);
    expect(await answerOf(callbackUrl)).toEqual(INVALID);
  });

  it('accepts the code of the binding that the route names', async () => {
    const { url, bind } = await startSite();
    const { bindingId, code } = await bind();
    const path = `${url}/bind/for/${bindingId}?binding_code=${code}`;
    expect(await answerOf(path)).toEqual({ status: 200, bindingId });
  });

  it('sends LIME no code where the route names a binding that this site did not start', async () => {
    const { lime, url, bind } = await startSite();
    const { bindingId, callbackUrl, code } = await bind();
    expect(await answerOf(`${url}/bind/for/elsewhere?binding_code=${code}`)).toEqual(INVALID);
    expect(lime.callCount('exchange')).toBe(0);
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
  });

  it('accepts a binding that this site did not start where the policy allows it', async () => {
    const { lime, url } = await startSite();
    const other = await start.site({ lime, options: { dispatcher: false } });
    const { bindingId, callbackUrl } = await completedBinding({ ...other, url }, '/foreign');
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
    const named = await completedBinding({ ...other, url });
    const path = `${url}/bind/foreign/${named.bindingId}?binding_code=${named.code}`;
    expect(await answerOf(path)).toEqual({ status: 200, bindingId: named.bindingId });
  });

  it('ignores a passport in the URL', async () => {
    const { lime, site, url } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind` });
    const passport = await lime.signPassport({ binding_id: bindingId }, { kind: 'binding' });
    expect(await answerOf(`${url}/bind?passport=${passport}`)).toEqual(MISSING);
    expect(lime.callCount('exchange')).toBe(0);
  });

  it('accepts a passport in the URL where the policy sets from, and then no code', async () => {
    const { lime, url, site, bind } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind/old` });
    const passport = await lime.signPassport({ binding_id: bindingId }, { kind: 'binding' });
    expect(await answerOf(`${url}/bind/old?passport=${passport}`)).toEqual({
      status: 200,
      bindingId,
    });
    const { code } = await bind();
    expect(await answerOf(`${url}/bind/old?binding_code=${code}`)).toEqual(MISSING);
    expect(lime.callCount('exchange')).toBe(0);
  });

  it('accepts the passport in the URL of a platform of July 2026', async () => {
    const { bind } = await startSite({ sandbox: { platform: '2026-07' } });
    const { bindingId, callbackUrl } = await bind('/old');
    expect(new URL(callbackUrl).searchParams.has('passport')).toBe(true);
    expect(await answerOf(callbackUrl)).toEqual({ status: 200, bindingId });
  });

  it('refuses passports of logins and of other sites in the URL', async () => {
    const { lime, site, url } = await startSite();
    const { bindingId } = await site.createBindingRequest({ redirectUri: `${url}/bind/old` });
    const bad = [
      await lime.signPassport({ binding_id: bindingId }),
      await lime.signPassport({ binding_id: 'elsewhere' }, { kind: 'binding' }),
    ];
    for (const passport of bad) {
      expect(await answerOf(`${url}/bind/old?passport=${passport}`)).toEqual(INVALID);
    }
  });
});

/** Completes a binding of the site. */
async function completedBinding(
  { lime, site, url }: { lime: LimeSandbox; site: LimeSiteService; url: string },
  path = '',
): Promise<{ bindingId: string; callbackUrl: string; code: string }> {
  const redirectUri = `${url}/bind${path}`;
  const { bindingId } = await site.createBindingRequest({ redirectUri });
  return { bindingId, ...(await lime.completeBinding(bindingId)) };
}

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly bindingId?: string;
}

/** The status, with the code of a refusal or the accepted binding. */
async function answerOf(url: string): Promise<Answer> {
  const answer = await fetch(url);
  const { code, bindingId } = (await answer.json()) as Omit<Answer, 'status'>;
  const { status } = answer;
  return {
    status,
    ...(code !== undefined && { code }),
    ...(bindingId !== undefined && { bindingId }),
  };
}
