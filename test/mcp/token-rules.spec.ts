import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  InvalidPassportError,
  LimeError,
  type PassportErrorCode,
  RequestExpiredError,
} from 'nestjs-lime-sites';
import { McpTokenVerifier } from 'nestjs-lime-sites/mcp';
import type {
  LimeSandbox,
  PassportClaimOverrides,
  TokenOverrides,
} from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { createKeyPair } from '../support/key-pair.js';
import { ManualClock } from '../support/manual-clock.js';
import { startSandbox } from '../support/start-sandbox.js';
import { useStarter } from '../support/start-site.js';
import { DOMAIN, type McpSetup, startMcp } from './support/start-mcp.js';

/** A whole second, so that tests can meet limits exactly. */
const NOW = Math.floor(Date.now() / 1000);

describe('An MCP access token', () => {
  const start = useStarter();
  let lime: LimeSandbox;

  beforeAll(async () => {
    lime = await startSandbox();
  });
  afterAll(() => lime.stop());

  async function verifier(options: McpSetup['options'] = {}): Promise<McpTokenVerifier> {
    const clock = new ManualClock(NOW * 1000);
    const { app } = await startMcp(start, { lime, options, clock });
    return app.get(McpTokenVerifier);
  }

  function sign(claims: PassportClaimOverrides = {}, overrides: TokenOverrides = {}) {
    return lime.signMcpToken(DOMAIN, claims, { issuedAt: NOW, ...overrides });
  }

  async function refusal(token: string): Promise<InvalidPassportError> {
    return failureOf(InvalidPassportError, (await verifier()).verify(token));
  }

  it('gives its claims under the names of LIME', async () => {
    const { agentId } = lime.agent;

    expect(
      await (await verifier()).verify(await sign({ jti: 'j-1', extra: ['of', 'LIME'] })),
    ).toEqual({
      sub: agentId,
      agent_id: agentId,
      iss: new URL(lime.baseUrl).origin,
      aud: 'mcp',
      domain: DOMAIN,
      jti: 'j-1',
      iat: NOW,
      exp: NOW + 300,
      extra: ['of', 'LIME'],
    });
  });

  it.each<[string, TokenOverrides]>([
    ['lives for exactly an hour', { ttlSeconds: 3_600 }],
    ['expired almost 5 s ago', { issuedAt: NOW - 100, expiresAt: NOW - 4.999 }],
    ['is dated ahead', { issuedAt: NOW + 600 }],
  ])('is accepted when it %s', async (_case, overrides) => {
    await expect((await verifier()).verify(await sign({}, overrides))).resolves.toMatchObject({
      domain: DOMAIN,
    });
  });

  it.each<[string, PassportClaimOverrides, TokenOverrides, PassportErrorCode]>([
    ['has the audience of a login passport', { aud: 'lime-site-login' }, {}, 'PASSPORT_AUDIENCE'],
    ['has a list as its audience', { aud: ['mcp'] }, {}, 'PASSPORT_AUDIENCE'],
    ['has no audience', { aud: undefined }, {}, 'PASSPORT_AUDIENCE'],
    ['is of another platform', { iss: 'https://lime.example' }, {}, 'PASSPORT_ISSUER'],
    ['has no issuer', { iss: undefined }, {}, 'PASSPORT_ISSUER'],
    ['is for another domain', { domain: 'other.example.com' }, {}, 'PASSPORT_DOMAIN'],
    ['is for a subdomain', { domain: `a.${DOMAIN}` }, {}, 'PASSPORT_DOMAIN'],
    ['spells the domain in upper case', { domain: DOMAIN.toUpperCase() }, {}, 'PASSPORT_DOMAIN'],
    ['names a port', { domain: `${DOMAIN}:443` }, {}, 'PASSPORT_DOMAIN'],
    ['has a list of domains', { domain: [DOMAIN] }, {}, 'PASSPORT_CLAIM'],
    ['has no domain', { domain: undefined }, {}, 'PASSPORT_CLAIM'],
    ['has no agent', { sub: undefined }, {}, 'PASSPORT_CLAIM'],
    ['has no id', { jti: undefined }, {}, 'PASSPORT_CLAIM'],
    ['has an empty id', { jti: '' }, {}, 'PASSPORT_CLAIM'],
    ['has a number as its id', { jti: 7 }, {}, 'PASSPORT_CLAIM'],
    ['has no exp', { exp: undefined }, {}, 'PASSPORT_CLAIM'],
    ['has no iat', { iat: undefined }, {}, 'PASSPORT_CLAIM'],
    ['names a user', { user_id: 'u-1' }, {}, 'PASSPORT_CLAIM'],
    ['names a user of null', { user_id: null }, {}, 'PASSPORT_CLAIM'],
    ['names an owner, the user of June 2026', { owner_id: 'u-1' }, {}, 'PASSPORT_CLAIM'],
    ['names a login request', { request_id: 'lr_1' }, {}, 'PASSPORT_CLAIM'],
    ['has the version of a passport', { passport_version: '5' }, {}, 'PASSPORT_CLAIM'],
    ['lives for more than an hour', {}, { ttlSeconds: 3_601 }, 'PASSPORT_LIFETIME'],
    ['ends before it begins', {}, { ttlSeconds: -1 }, 'PASSPORT_LIFETIME'],
    ['expired 5 s ago', {}, { issuedAt: NOW - 100, expiresAt: NOW - 5 }, 'PASSPORT_EXPIRED'],
    ['is not valid yet', { nbf: NOW + 31 }, {}, 'PASSPORT_NOT_YET_VALID'],
    ['is signed with HMAC', {}, { alg: 'HS256', key: Buffer.alloc(32) }, 'PASSPORT_ALGORITHM'],
    ['is not signed', {}, { alg: 'none' }, 'PASSPORT_MALFORMED'],
    ['has an unknown key id', {}, { kid: 'another' }, 'PASSPORT_KEY_UNKNOWN'],
    [
      'is signed with another key',
      {},
      { key: createKeyPair('own').privateKey },
      'PASSPORT_SIGNATURE',
    ],
  ])('is refused when it %s', async (_case, claims, overrides, code) => {
    expect((await refusal(await sign(claims, overrides))).code).toBe(code);
  });

  it('is refused with the values of both sides', async () => {
    expect(await refusal(await sign({ domain: 'other.example.com' }))).toMatchObject({
      message: 'the domain of the MCP access token is not the expected one',
      expected: DOMAIN,
      actual: 'other.example.com',
    });
    const expired = await refusal(await sign({}, { issuedAt: NOW - 400 }));
    expect(expired).toBeInstanceOf(RequestExpiredError);
    expect(expired.message).toBe('the MCP access token has expired');
  });

  it('is not a passport, and a passport is not an MCP access token', async () => {
    const { site } = await start.site({ lime, options: { dispatcher: false } });
    const mcp = await verifier();
    const passports = [await lime.signPassport(), await lime.signPassport({}, { kind: 'binding' })];

    for (const passport of passports) {
      const error = await failureOf(InvalidPassportError, mcp.verify(passport));
      expect(error.code).toBe('PASSPORT_AUDIENCE');
    }
    const token = await sign();
    for (const verify of [site.verifyPassport(token), site.verifyBindingPassport(token)]) {
      expect((await failureOf(InvalidPassportError, verify)).code).toBe('PASSPORT_AUDIENCE');
    }
  });

  it('may have another issuer, or none, if the option says so', async () => {
    const other = await sign({ iss: 'https://lime.example' });
    const allowed = await verifier({ issuer: ['https://lime.pics', 'https://lime.example'] });
    const unchecked = await verifier({ issuer: false });

    await expect(allowed.verify(other)).resolves.toMatchObject({ iss: 'https://lime.example' });
    await expect(unchecked.verify(await sign({ iss: undefined }))).resolves.toMatchObject({
      aud: 'mcp',
    });
  });

  it('is verified once, and its claims are copied for each caller', async () => {
    const mcp = await verifier();
    const token = await sign();
    const first = await mcp.verify(token);
    const fetches = lime.callCount('jwks');
    first.sub = 'changed';

    expect((await mcp.verify(token)).sub).toBe(lime.agent.agentId);
    expect(lime.callCount('jwks')).toBe(fetches);
  });

  it('cannot be verified while the keys are unavailable', async () => {
    lime.faults.respond('jwks', { status: 503, times: Infinity });
    try {
      const error = await failureOf(LimeError, (await verifier()).verify(await sign()));
      expect(error.code).toBe('KEYS_UNAVAILABLE');
    } finally {
      lime.faults.clear();
    }
  });
});
