import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  InvalidPassportError,
  LimeSiteService,
  type PassportErrorCode,
  RequestExpiredError,
} from 'nestjs-lime-sites';
import {
  type LimeSandbox,
  type PassportClaimOverrides,
  type PassportOverrides,
} from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { createKeyPair } from '../support/key-pair.js';
import { ManualClock } from '../support/manual-clock.js';
import { startSandbox } from '../support/start-sandbox.js';
import { useStarter } from '../support/start-site.js';

/** A whole second, so that tests can meet limits exactly. */
const NOW = Math.floor(Date.now() / 1000);

const ownKey = createKeyPair('own');

describe('A passport', () => {
  const start = useStarter();
  let lime: LimeSandbox;

  beforeAll(async () => {
    lime = await startSandbox();
  });
  afterAll(() => lime.stop());

  async function site(): Promise<LimeSiteService> {
    const clock = new ManualClock(NOW * 1000);
    return (await start.site({ lime, clock, options: { dispatcher: false } })).site;
  }

  function sign(claims: PassportClaimOverrides = {}, overrides: PassportOverrides = {}) {
    return lime.signPassport(claims, { issuedAt: NOW, ...overrides });
  }

  async function refusal(jwt: unknown, expectedRequestId?: string): Promise<InvalidPassportError> {
    const options = expectedRequestId === undefined ? {} : { expectedRequestId };
    const work = (await site()).verifyPassport(jwt as string, options);
    return failureOf(InvalidPassportError, work);
  }

  describe('that is good', () => {
    it('gives its claims under the names of LIME', async () => {
      const jwt = await sign({ request_id: 'lr_1', extra: { of: 'LIME' } });
      const { agentId, userId } = lime.agent;
      expect(await (await site()).verifyPassport(jwt)).toEqual({
        valid: true,
        claims: {
          sub: agentId,
          agent_id: agentId,
          user_id: userId,
          iss: new URL(lime.baseUrl).origin,
          aud: 'lime-site-login',
          passport_version: '5',
          request_id: 'lr_1',
          iat: NOW,
          exp: NOW + 120,
          extra: { of: 'LIME' },
        },
      });
    });

    it('is accepted for its request', async () => {
      const jwt = await sign({ request_id: 'lr_1' });
      const { claims } = await (await site()).verifyPassport(jwt, { expectedRequestId: 'lr_1' });
      expect(claims.request_id).toBe('lr_1');
    });

    it('gets agent_id from sub, and not from its own agent_id', async () => {
      const jwt = await sign({ agent_id: 'another-agent' });
      const { claims } = await (await site()).verifyPassport(jwt);
      expect(claims.agent_id).toBe(lime.agent.agentId);
    });

    it('gets user_id from owner_id, the name of June 2026', async () => {
      const names = { owner_id: 'usr_1', owner_kyc_level: 3 };
      const jwt = await sign({ ...names, user_id: undefined, passport_version: undefined });
      const { claims } = await (await site()).verifyPassport(jwt);
      expect(claims).toMatchObject({ user_id: 'usr_1', ...names });
      expect(claims).not.toHaveProperty('user_kyc_level');
    });

    it('keeps its user_id when it also has an owner_id', async () => {
      const jwt = await sign({ user_id: 'new', owner_id: 'old' });
      const { claims } = await (await site()).verifyPassport(jwt);
      expect(claims).toMatchObject({ user_id: 'new', owner_id: 'old' });
    });

    it('need not name its user', async () => {
      const jwt = await sign({ user_id: undefined });
      const { claims } = await (await site()).verifyPassport(jwt);
      expect(claims).not.toHaveProperty('user_id');
    });

    it.each<[string, PassportOverrides]>([
      ['lives for exactly 120 s', { ttlSeconds: 120 }],
      ['lives for one second', { ttlSeconds: 1 }],
      ['expired almost 5 s ago', { issuedAt: NOW - 100, expiresAt: NOW - 4.999 }],
      ['is dated an hour ahead', { issuedAt: NOW + 3_600 }],
      ['has other header members', { header: { typ: undefined, x5t: 'abc' } }],
    ])('is accepted when it %s', async (_, overrides) => {
      const jwt = await sign({}, overrides);
      await expect((await site()).verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    });

    it.each<[string, unknown]>([
      ['is absent', undefined],
      ['is null', null],
      ['is now', NOW],
      ['lies 30 s ahead', NOW + 30],
    ])('is accepted with an nbf that %s', async (_, nbf) => {
      const jwt = await sign({ nbf });
      const { claims } = await (await site()).verifyPassport(jwt);
      expect(claims.nbf).toBe(nbf);
    });
  });

  describe('that is not a passport at all', () => {
    const header = Buffer.from('{"alg":"RS256","kid":"k"}').toString('base64url');

    it.each<[string, unknown]>([
      ['an empty text', ''],
      ['a word', 'passport'],
      ['two parts', `${header}.e30`],
      ['four parts', `${header}.e30.c2ln.c2ln`],
      ['five parts, an encrypted token', `${header}.a.b.c.d`],
      ['an empty signature', `${header}.e30.`],
      ['an empty payload', `${header}..c2ln`],
      ['white space at the end', `${header}.e30.c2ln\n`],
      ['white space within', `${header}. e30.c2ln`],
      ['padding', `${header}=.e30.c2ln`],
      ['plain base64', `${header}.e+/0.c2ln`],
      ['a scheme', `Bearer ${header}.e30.c2ln`],
      ['a header that is not JSON', 'bm9wZQ.e30.c2ln'],
      ['a header that is an array', 'W10.e30.c2ln'],
      ['a header that is null', 'bnVsbA.e30.c2ln'],
      ['a text of more than 8 KiB', `${header}.${'e'.repeat(8 * 1024)}.c2ln`],
      ['undefined', undefined],
      ['null', null],
      ['a number', 42],
      ['an object', { token: 'x' }],
      ['an array', [`${header}.e30.c2ln`]],
      ['an object that prints as a token', { toString: () => `${header}.e30.c2ln` }],
    ])('is refused: %s', async (_, jwt) => {
      const error = await refusal(jwt);
      expect(error).toMatchObject({ name: 'InvalidPassportError', code: 'PASSPORT_MALFORMED' });
      expect(error.httpStatus).toBeUndefined();
    });

    it('is described by its type and length in the error, not by its text', async () => {
      expect(await refusal('some.secret')).toMatchObject({ actual: 'a string of 11 characters' });
      expect(await refusal(7)).toMatchObject({ actual: 'number' });
    });

    it.each<[string, string | Uint8Array]>([
      ['is an array', '[1]'],
      ['is a text', '"claims"'],
      ['is null', 'null'],
      ['is not JSON', '{'],
      ['is not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ])('is refused with a genuine signature when the payload %s', async (_, payload) => {
      const jwt = await ownKey.sign(payload);
      lime.faults.respond('jwks', { status: 200, body: { keys: [ownKey.jwk] } });
      expect(await refusal(jwt)).toMatchObject({ code: 'PASSPORT_MALFORMED' });
    });
  });

  describe('with a header that must not be trusted', () => {
    /** A token with a text in place of the signature. */
    async function unsigned(alg: string): Promise<string> {
      const [, payload = '', signature = ''] = (await sign()).split('.');
      const header = JSON.stringify({ alg, kid: kidOf(lime) });
      return `${Buffer.from(header).toString('base64url')}.${payload}.${signature}`;
    }

    /** A token for a verifier that uses the public key as a secret. */
    function signWithPublicKey(overrides: PassportOverrides = {}): Promise<string> {
      const jwk = lime.publishedKeys().keys[0] as JsonWebKey;
      const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      return sign({}, { alg: 'HS256', key: Buffer.from(pem), ...overrides });
    }

    const { privateKey: ecKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

    it.each<[string, () => Promise<string>, PassportErrorCode]>([
      ['alg none, with something as signature', () => unsigned('none'), 'PASSPORT_ALGORITHM'],
      ['alg NONE', () => unsigned('NONE'), 'PASSPORT_ALGORITHM'],
      ['no alg', () => sign({}, { header: { alg: undefined } }), 'PASSPORT_ALGORITHM'],
      [
        'alg that is not a text',
        () => sign({}, { header: { alg: ['RS256'] } }),
        'PASSPORT_ALGORITHM',
      ],
      ['alg in lower case', () => sign({}, { header: { alg: 'rs256' } }), 'PASSPORT_ALGORITHM'],
      ['RS384 by the right key', () => sign({}, { alg: 'RS384' }), 'PASSPORT_ALGORITHM'],
      ['PS256 by the right key', () => sign({}, { alg: 'PS256' }), 'PASSPORT_ALGORITHM'],
      ['ES256', () => sign({}, { alg: 'ES256', key: ecKey }), 'PASSPORT_ALGORITHM'],
      ['HS256 with the public key as secret', () => signWithPublicKey(), 'PASSPORT_ALGORITHM'],
      [
        'HS256 that says RS256',
        () => signWithPublicKey({ header: { alg: 'RS256' } }),
        'PASSPORT_SIGNATURE',
      ],
      ['crit', () => sign({}, { header: { crit: ['b64'], b64: false } }), 'PASSPORT_ALGORITHM'],
      ['no kid', () => sign({}, { header: { kid: undefined } }), 'PASSPORT_MALFORMED'],
      ['an empty kid', () => sign({}, { kid: '' }), 'PASSPORT_MALFORMED'],
      ['a kid that is not a text', () => sign({}, { header: { kid: 7 } }), 'PASSPORT_MALFORMED'],
      ['an unknown kid', () => sign({}, { kid: 'other' }), 'PASSPORT_KEY_UNKNOWN'],
      [
        'another key under the right kid',
        () => sign({}, { key: ownKey.privateKey }),
        'PASSPORT_SIGNATURE',
      ],
    ])('is refused: %s', async (_, make, code) => {
      expect(await refusal(await make())).toMatchObject({ code });
    });

    it('is refused with its algorithm, shortened, in the error', async () => {
      const error = await refusal(await unsigned('x'.repeat(100)));
      expect(error).toMatchObject({ expected: 'RS256', actual: 'x'.repeat(32) });
    });

    it('is refused with its key id, shortened, in the error', async () => {
      const error = await refusal(await sign({}, { kid: 'k'.repeat(500) }));
      expect(error.actual).toBe('k'.repeat(64));
    });

    it('is refused when one bit is changed', async () => {
      const [head = '', payload = '', signature = ''] = (await sign({ request_id: 'lr_1' })).split(
        '.',
      );
      const claims = Buffer.from(payload, 'base64url').toString().replace('lr_1', 'lr_2');
      const forged = `${head}.${Buffer.from(claims).toString('base64url')}.${signature}`;
      expect(await refusal(forged)).toMatchObject({ code: 'PASSPORT_SIGNATURE' });
    });
  });

  describe('with claims that break a rule', () => {
    it.each<[string, PassportClaimOverrides, PassportErrorCode, unknown]>([
      ['the audience of a binding', { aud: 'lime-binding' }, 'PASSPORT_AUDIENCE', 'lime-binding'],
      ['another audience', { aud: 'shop' }, 'PASSPORT_AUDIENCE', 'shop'],
      [
        'the right audience in another case',
        { aud: 'LIME-SITE-LOGIN' },
        'PASSPORT_AUDIENCE',
        'LIME-SITE-LOGIN',
      ],
      [
        'the right audience in a list',
        { aud: ['lime-site-login'] },
        'PASSPORT_AUDIENCE',
        ['lime-site-login'],
      ],
      ['no audience', { aud: undefined }, 'PASSPORT_AUDIENCE', undefined],
      ['no sub', { sub: undefined }, 'PASSPORT_CLAIM', 'nothing'],
      ['an empty sub', { sub: '' }, 'PASSPORT_CLAIM', ''],
      ['a blank sub', { sub: ' \t' }, 'PASSPORT_CLAIM', ' \t'],
      ['a sub that is a number', { sub: 7 }, 'PASSPORT_CLAIM', 7],
      ['no request_id', { request_id: undefined }, 'PASSPORT_CLAIM', 'nothing'],
      ['request_id null', { request_id: null }, 'PASSPORT_CLAIM', 'nothing'],
      ['a blank request_id', { request_id: ' ' }, 'PASSPORT_CLAIM', ' '],
      ['a request_id that is a list', { request_id: ['lr_1'] }, 'PASSPORT_CLAIM', ['lr_1']],
      ['no iat', { iat: undefined }, 'PASSPORT_CLAIM', 'nothing'],
      ['no exp', { exp: undefined }, 'PASSPORT_CLAIM', 'nothing'],
      ['an exp that is a text', { exp: String(NOW + 60) }, 'PASSPORT_CLAIM', String(NOW + 60)],
      ['an iat that is null', { iat: null }, 'PASSPORT_CLAIM', 'nothing'],
      ['a life of 121 s', { exp: NOW + 121 }, 'PASSPORT_LIFETIME', 121],
      ['a life of a year', { exp: NOW + 31_536_000 }, 'PASSPORT_LIFETIME', 31_536_000],
      ['no life at all', { exp: NOW }, 'PASSPORT_LIFETIME', 0],
      ['an end before its start', { iat: NOW + 10, exp: NOW }, 'PASSPORT_LIFETIME', -10],
      ['an nbf 31 s ahead', { nbf: NOW + 31 }, 'PASSPORT_NOT_YET_VALID', NOW + 31],
      ['an nbf that is a text', { nbf: String(NOW) }, 'PASSPORT_CLAIM', String(NOW)],
      ['an nbf that is blank', { nbf: '' }, 'PASSPORT_CLAIM', ''],
      ['an nbf that is a list', { nbf: [NOW] }, 'PASSPORT_CLAIM', [NOW]],
    ])('is refused: %s', async (_, claims, code, actual) => {
      const error = await refusal(await sign(claims));
      expect(error).toMatchObject({ code, ...(actual !== undefined && { actual }) });
      expect(error.expected).toBeDefined();
      expect(error.detail).toMatchObject({ expected: error.expected });
    });

    it('is refused when it expired 5 s ago', async () => {
      const error = await refusal(await sign({}, { issuedAt: NOW - 100, expiresAt: NOW - 5 }));
      expect(error).toBeInstanceOf(RequestExpiredError);
      expect(error).toMatchObject({
        name: 'RequestExpiredError',
        code: 'PASSPORT_EXPIRED',
        expected: NOW,
        actual: NOW - 5,
      });
    });

    it('is refused for another request than its own', async () => {
      const jwt = await sign({ request_id: 'lr_1' });
      expect(await refusal(jwt, 'lr_2')).toMatchObject({
        code: 'PASSPORT_REQUEST_MISMATCH',
        expected: 'lr_2',
        actual: 'lr_1',
      });
      expect(await refusal(jwt, '')).toMatchObject({ code: 'PASSPORT_REQUEST_MISMATCH' });
    });

    it('does not show a passport in one of its claims', async () => {
      const inner = await sign();
      const error = await refusal(await sign({ aud: inner }));
      expect(error.actual).toBe('[passport]');
      expect(JSON.stringify(error)).not.toContain(inner);
    });
  });

  describe('of a binding', () => {
    const binding = { kind: 'binding' } as const;

    it('gives its claims', async () => {
      const jwt = await sign({ binding_id: 'bd_1' }, binding);
      const { valid, claims } = await (await site()).verifyBindingPassport(jwt);
      expect(valid).toBe(true);
      expect(claims).toMatchObject({
        sub: lime.agent.agentId,
        agent_id: lime.agent.agentId,
        user_id: lime.agent.userId,
        iss: new URL(lime.baseUrl).origin,
        aud: 'lime-binding',
        binding_id: 'bd_1',
        passport_version: '5',
        iat: NOW,
        exp: NOW + 60,
      });
    });

    it.each<[string, PassportClaimOverrides, PassportErrorCode]>([
      ['the audience of a login', { aud: 'lime-site-login' }, 'PASSPORT_AUDIENCE'],
      ['no binding_id', { binding_id: undefined }, 'PASSPORT_CLAIM'],
      ['a blank binding_id', { binding_id: '  ' }, 'PASSPORT_CLAIM'],
      ['a request_id instead', { binding_id: undefined, request_id: 'lr_1' }, 'PASSPORT_CLAIM'],
      ['a life of 61 s', { exp: NOW + 61 }, 'PASSPORT_LIFETIME'],
      ['no issuer', { iss: undefined }, 'PASSPORT_ISSUER'],
      ['the issuer of another platform', { iss: 'https://lime.pics' }, 'PASSPORT_ISSUER'],
      ['an nbf 31 s ahead', { nbf: NOW + 31 }, 'PASSPORT_NOT_YET_VALID'],
    ])('is refused: %s', async (_, claims, code) => {
      const work = (await site()).verifyBindingPassport(await sign(claims, binding));
      expect(await failureOf(InvalidPassportError, work)).toMatchObject({ code });
    });

    it('is refused as a login passport, and a login passport as a binding', async () => {
      expect(await refusal(await sign({ request_id: 'lr_1' }, binding))).toMatchObject({
        code: 'PASSPORT_AUDIENCE',
        expected: 'lime-site-login',
        actual: 'lime-binding',
      });
      const login = (await site()).verifyBindingPassport(await sign({ binding_id: 'bd_1' }));
      expect(await failureOf(InvalidPassportError, login)).toMatchObject({
        code: 'PASSPORT_AUDIENCE',
        expected: 'lime-binding',
      });
    });

    it('expires', async () => {
      const jwt = await sign({}, { ...binding, issuedAt: NOW - 70 });
      const work = (await site()).verifyBindingPassport(jwt);
      await failureOf(RequestExpiredError, work);
    });
  });
});

function kidOf(lime: LimeSandbox): string {
  return String(lime.publishedKeys().keys[0]?.kid);
}
