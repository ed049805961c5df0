import { describe, expect, it } from '@jest/globals';
import {
  ApiError,
  AuthenticationError,
  InvalidPassportError,
  LimeError,
  RateLimitError,
  SiteAuthUnavailableError,
} from 'nestjs-lime-sites';
import type { SandboxFaults } from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { ManualClock } from '../support/manual-clock.js';
import { type SiteSetup, useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

/** The longest wait before the first retry. */
const FIRST_RETRY_MS = 350;
const TIMEOUT_MS = 30_000;

describe('exchangeBindingCode()', () => {
  const start = useStarter();

  async function startSite(setup: SiteSetup = {}) {
    const clock = new ManualClock();
    const started = await start.site({ clock, options: { dispatcher: false }, ...setup });
    await until(() => started.lime.callCount('jwks') === 1 && clock.waits.length === 0);
    return { ...started, clock, completeBinding };

    async function completeBinding(claims?: object) {
      const redirectUri = 'https://shop.example/bind';
      const { bindingId } = await started.site.createBindingRequest({ redirectUri });
      const { code } = await started.lime.completeBinding(bindingId, { ...claims });
      return { bindingId, code };
    }
  }

  it('gives the verified claims of the binding', async () => {
    const { lime, site, completeBinding } = await startSite();
    const { bindingId, code } = await completeBinding();
    const { valid, claims } = await site.exchangeBindingCode(code);
    expect(valid).toBe(true);
    expect(claims).toMatchObject({
      binding_id: bindingId,
      aud: 'lime-binding',
      agent_id: lime.agent.agentId,
      user_id: lime.agent.userId,
      passport_version: '5',
    });
    expect(lime.calls.find(({ target }) => target === 'exchange')).toMatchObject({
      method: 'POST',
      path: '/modules/bindings/exchange',
      siteToken: true,
    });
  });

  it('sends each code once: the second exchange fails with BINDING_CODE_USED', async () => {
    const { lime, site, completeBinding } = await startSite();
    const { code } = await completeBinding();
    await site.exchangeBindingCode(code);
    const error = await failureOf(LimeError, site.exchangeBindingCode(code));
    expect(error.code).toBe('BINDING_CODE_USED');
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('sends a code once while its exchange is in progress', async () => {
    const { lime, site, completeBinding } = await startSite();
    const { code } = await completeBinding();
    const [first, second] = await Promise.allSettled([
      site.exchangeBindingCode(code),
      site.exchangeBindingCode(code),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'BINDING_CODE_USED' } });
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('remembers a code for ten minutes', async () => {
    const { lime, site, clock, completeBinding } = await startSite();
    const { code } = await completeBinding();
    await site.exchangeBindingCode(code);
    clock.advance(599_999);
    await expect(site.exchangeBindingCode(code)).rejects.toMatchObject({
      code: 'BINDING_CODE_USED',
    });
    clock.advance(1);
    await expect(site.exchangeBindingCode(code)).rejects.toMatchObject({
      code: 'BINDING_CODE_INVALID',
    });
    expect(lime.callCount('exchange')).toBe(2);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an empty text', ''],
    ['a blank text', ' \t'],
    ['a list', ['x']],
    ['an object', { code: 'x' }],
    ['a text of 1 025 characters', 'x'.repeat(1_025)],
  ])('fails with INVALID_ARGUMENT, without a call, for %s', async (_, code) => {
    const { lime, site } = await startSite();
    const error = await failureOf(LimeError, site.exchangeBindingCode(code as string));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(lime.callCount('exchange')).toBe(0);
  });

  it('fails with the error of LIME for a code that LIME refuses', async () => {
    const { site } = await startSite();
    const error = await failureOf(ApiError, site.exchangeBindingCode('made-up'));
    expect(error).toMatchObject({ code: 'BINDING_CODE_INVALID', httpStatus: 400 });
  });

  it.each<[string, string, typeof LimeError, (faults: SandboxFaults) => void]>([
    [
      'SITE_TOKEN_INVALID',
      'does not know the site token',
      AuthenticationError,
      (faults) => faults.refuse('exchange', 'SITE_TOKEN_INVALID'),
    ],
    [
      'SITE_SUSPENDED',
      'suspended the site',
      AuthenticationError,
      (faults) => faults.refuse('exchange', 'SITE_SUSPENDED'),
    ],
    [
      'UNAUTHORIZED',
      'is behind a proxy that answers 401',
      AuthenticationError,
      (faults) => faults.respond('exchange', { status: 401, body: '<html>' }),
    ],
    [
      'RATE_LIMIT_EXCEEDED',
      'asks for fewer calls',
      RateLimitError,
      (faults) => faults.refuse('exchange', 'RATE_LIMIT_EXCEEDED'),
    ],
    [
      'SITE_TOKEN_AUTH_UNAVAILABLE',
      'cannot check the site token',
      SiteAuthUnavailableError,
      (faults) => faults.refuse('exchange', 'SITE_TOKEN_AUTH_UNAVAILABLE'),
    ],
    [
      'INTERNAL_ERROR',
      'answers 500',
      ApiError,
      (faults) =>
        faults.respond('exchange', {
          status: 500,
          body: { ok: false, error: { code: 'INTERNAL_ERROR', message: 'sorry' } },
        }),
    ],
    [
      'UNEXPECTED_RESPONSE',
      'answers without a passport',
      LimeError,
      (faults) => faults.respond('exchange', { status: 200, body: { ok: true, data: {} } }),
    ],
    [
      'UNEXPECTED_RESPONSE',
      'is behind a proxy that answers 404',
      LimeError,
      (faults) => faults.respond('exchange', { status: 404 }),
    ],
    [
      'UNEXPECTED_REDIRECT',
      'redirects',
      LimeError,
      (faults) => faults.respond('exchange', { status: 307 }),
    ],
    ['NETWORK_ERROR', 'resets the connection', LimeError, (faults) => faults.reset('exchange')],
  ])('fails with %s when LIME %s, and works afterwards', async (code, _, type, misbehave) => {
    const options = { dispatcher: false, maxRetries: 0 };
    const { lime, site, completeBinding } = await startSite({ options });
    const binding = await completeBinding();
    misbehave(lime.faults);
    const error = await failureOf(type, site.exchangeBindingCode(binding.code));
    expect(error.code).toBe(code);
    expect(error.constructor).toBe(type);
    const { claims } = await site.exchangeBindingCode(binding.code);
    expect(claims.binding_id).toBe(binding.bindingId);
  });

  it.each([
    ['PASSPORT_AUDIENCE', { aud: 'lime-site-login' }],
    ['PASSPORT_ISSUER', { iss: 'https://elsewhere.example' }],
    ['PASSPORT_CLAIM', { binding_id: '' }],
    ['PASSPORT_LIFETIME', { exp: 9_999_999_999 }],
  ])('fails with %s for a passport of LIME with the claims %j', async (code, claims) => {
    const { site, completeBinding } = await startSite();
    const binding = await completeBinding(claims);
    const error = await failureOf(InvalidPassportError, site.exchangeBindingCode(binding.code));
    expect(error.code).toBe(code);
  });

  it('fails with KEYS_UNAVAILABLE while the JWKS is unavailable, and does not use the code up', async () => {
    const lime = await start.lime();
    lime.faults.respond('jwks', { status: 500, times: Infinity });
    const { site, clock, completeBinding } = await startSite({ lime });
    const { code, bindingId } = await completeBinding();
    await expect(site.exchangeBindingCode(code)).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
    });
    expect(lime.callCount('exchange')).toBe(0);

    lime.faults.clear();
    clock.advance(30_000); // the longest backoff of the JWKS
    expect((await site.exchangeBindingCode(code)).claims.binding_id).toBe(bindingId);
  });

  it.each([408, 429, 503])('is repeated after HTTP %d', async (status) => {
    const { lime, site, clock, completeBinding } = await startSite();
    const { bindingId, code } = await completeBinding();
    lime.faults.respond('exchange', { status });
    const exchange = site.exchangeBindingCode(code);
    await until(() => clock.waits.some((ms) => ms <= FIRST_RETRY_MS));
    expect(lime.callCount('exchange')).toBe(1);
    clock.advance(FIRST_RETRY_MS);
    expect((await exchange).claims.binding_id).toBe(bindingId);
    expect(lime.callCount('exchange')).toBe(2);
  });

  it('is repeated three times by default', async () => {
    const { lime, site, clock, completeBinding } = await startSite();
    const { code } = await completeBinding();
    lime.faults.refuse('exchange', 'SITE_TOKEN_AUTH_UNAVAILABLE', { times: Infinity });
    const failure = failureOf(SiteAuthUnavailableError, site.exchangeBindingCode(code));
    for (const retry of [1, 2, 3]) {
      const [wait = 0] = await until(() => {
        const idle = lime.callCount('exchange') === retry && clock.waits.length === 1;
        return idle && clock.waits[0] !== TIMEOUT_MS && clock.waits;
      });
      clock.advance(wait);
    }
    await failure;
    expect(lime.callCount('exchange')).toBe(4);
  });

  it.each([500, 501, 502, 504])('is not repeated after HTTP %d', async (status) => {
    const { lime, site, clock, completeBinding } = await startSite();
    const { code } = await completeBinding();
    lime.faults.respond('exchange', { status });
    const error = await failureOf(LimeError, site.exchangeBindingCode(code));
    expect(error.httpStatus).toBe(status);
    expect(clock.waits).toEqual([]);
    expect(lime.callCount('exchange')).toBe(1);
  });

  it.each<[string, (faults: SandboxFaults) => void]>([
    ['a connection that is reset', (faults) => faults.reset('exchange')],
    ['an answer that is lost', (faults) => faults.loseAnswer('exchange')],
  ])('is not repeated after %s', async (_, misbehave) => {
    const { lime, site, clock, completeBinding } = await startSite();
    const { code } = await completeBinding();
    misbehave(lime.faults);
    const error = await failureOf(LimeError, site.exchangeBindingCode(code));
    expect(error.code).toBe('NETWORK_ERROR');
    expect(clock.waits).toEqual([]);
    expect(lime.callCount('exchange')).toBe(1);
  });

  it('is not repeated after a timeout', async () => {
    const { lime, site, clock, completeBinding } = await startSite();
    const { code } = await completeBinding();
    lime.faults.hang('exchange');
    const failure = failureOf(LimeError, site.exchangeBindingCode(code));
    await until(() => lime.callCount('exchange') === 1);
    clock.advance(TIMEOUT_MS);
    expect((await failure).code).toBe('TIMEOUT');
    expect(clock.waits).toEqual([]);
    expect(lime.callCount('exchange')).toBe(1);
  });
});
