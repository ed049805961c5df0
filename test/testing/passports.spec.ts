import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  generateKeyPair,
  jwtVerify,
} from 'jose';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { SiteClient } from './support/site-client.js';
import { startSandbox } from '../support/start-sandbox.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

describe('The passports of the sandbox', () => {
  let lime: LimeSandbox;

  beforeEach(async () => {
    lime = await startSandbox();
  });
  afterEach(() => lime.stop());

  const verify = (jwt: string) => jwtVerify(jwt, createLocalJWKSet(lime.publishedKeys()));

  it('are valid login passports by default', async () => {
    const { payload, protectedHeader } = await verify(await lime.signPassport());
    const now = Math.floor(Date.now() / 1000);
    const { iat = 0, exp = 0 } = payload;

    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) });
    expect(payload).toEqual({
      iss: `http://127.0.0.1:${lime.port}`,
      sub: lime.agent.agentId,
      aud: 'lime-site-login',
      request_id: expect.stringMatching(UUID),
      user_id: lime.agent.userId,
      passport_version: '5',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(Number.isInteger(iat)).toBe(true);
    expect(Math.abs(now - iat)).toBeLessThanOrEqual(1);
    expect(exp - iat).toBe(120);
  });

  it('have the request id and the given claims in an approval', async () => {
    const { requestId } = lime.createLoginRequest();
    const { passport } = await lime.approve(requestId, { scope: 'read', user_id: undefined });
    const { payload } = await verify(passport);

    expect(payload).toMatchObject({ request_id: requestId, scope: 'read' });
    expect(payload).not.toHaveProperty('user_id');
  });

  it('have the configured lifetime, for bindings at most 60 seconds', async () => {
    const lifeOf = (jwt: string) => (decodeJwt(jwt).exp ?? 0) - (decodeJwt(jwt).iat ?? 0);

    expect(lifeOf(await lime.signPassport({}, { kind: 'binding' }))).toBe(60);
    expect(lifeOf(await lime.signPassport({}, { ttlSeconds: 5 }))).toBe(5);

    await lime.stop();
    lime = await startSandbox({ passportTtlSeconds: 30 });
    expect(lifeOf(await lime.signPassport())).toBe(30);
    expect(lifeOf(await lime.signPassport({}, { kind: 'binding' }))).toBe(30);
  });

  it('have a binding and a version as binding passports', async () => {
    expect(decodeJwt(await lime.signPassport({}, { kind: 'binding' }))).toMatchObject({
      aud: 'lime-binding',
      binding_id: expect.stringMatching(UUID),
      passport_version: '5',
    });
  });

  it('can be changed in every part', async () => {
    const issuedAt = new Date('2026-01-01T00:00:00.700Z');
    const jwt = await lime.signPassport(
      { sub: undefined, extra: true },
      {
        header: { typ: undefined, crit: ['x'] },
        kid: 'other',
        audience: ['lime-site-login'],
        issuedAt,
        expiresAt: 1_800_000_000,
      },
    );

    expect(decodeProtectedHeader(jwt)).toEqual({ alg: 'RS256', kid: 'other', crit: ['x'] });
    expect(decodeJwt(jwt)).toMatchObject({
      aud: ['lime-site-login'],
      extra: true,
      iat: 1_767_225_600,
      exp: 1_800_000_000,
    });
    expect(decodeJwt(jwt)).not.toHaveProperty('sub');
  });

  it('can have a header with a false algorithm', async () => {
    const jwt = await lime.signPassport({}, { header: { alg: 'none' } });

    expect(decodeProtectedHeader(jwt).alg).toBe('none');
    expect(jwt.split('.')[2]).not.toBe('');
  });

  it.each(['RS384', 'PS256', 'PS512'])('can be signed with %s', async (alg) => {
    expect(
      (await jwtVerify(await lime.signPassport({}, { alg }), jwkAs(alg))).payload,
    ).toBeTruthy();
  });

  it('can be signed with other types of keys', async () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ed = generateKeyPairSync('ed25519');
    const web = await generateKeyPair('RS256');
    const secret = Buffer.from('a secret of at least thirty-two bytes');

    for (const [alg, key, check] of [
      ['ES256', ec.privateKey, ec.publicKey],
      ['EdDSA', ed.privateKey, ed.publicKey],
      ['RS256', web.privateKey, web.publicKey],
      ['HS256', secret, secret],
      ['HS512', createSecretKey(Buffer.alloc(64)), Buffer.alloc(64)],
    ] as const) {
      const jwt = await lime.signPassport({}, { alg, key });
      expect((await jwtVerify(jwt, check)).protectedHeader.alg).toBe(alg);
    }
    expect(await lime.signPassport({}, { alg: 'none' })).toMatch(/\.$/);
  });

  it('cannot be signed with a key that does not fit, or by an unknown algorithm', async () => {
    const key = Buffer.from('secret');

    await expect(lime.signPassport({}, { key })).rejects.toMatchObject({
      code: 'SANDBOX_KEY_UNFIT',
    });
    await expect(lime.signPassport({}, { alg: 'HS256' })).rejects.toMatchObject({
      code: 'SANDBOX_KEY_UNFIT',
    });
    await expect(lime.signPassport({}, { alg: 'XX1' })).rejects.toMatchObject({
      code: 'SANDBOX_ALG_UNKNOWN',
    });
  });

  it('leave a request pending when they cannot be serialised', async () => {
    const { requestId } = lime.createLoginRequest();

    await expect(lime.approve(requestId, { big: 1n })).rejects.toThrow(/BigInt/);
    expect(lime.request(requestId)?.status).toBe('PENDING');
  });

  function jwkAs(alg: string) {
    const [key] = lime.publishedKeys().keys;
    return { ...key, kty: 'RSA', alg } as const;
  }
});

describe('The keys of the sandbox', () => {
  it('are published raw by default, and in the envelope on request', async () => {
    const raw = await startSandbox();
    const enveloped = await startSandbox({ jwks: 'enveloped' });

    const reply = await new SiteClient(raw).jwks();
    expect(reply.body).toEqual(raw.publishedKeys());
    expect(raw.publishedKeys().keys).toEqual([
      {
        kty: 'RSA',
        n: expect.any(String),
        e: 'AQAB',
        kid: expect.any(String),
        alg: 'RS256',
        use: 'sig',
      },
    ]);
    expect((await new SiteClient(enveloped).jwks()).body).toEqual({
      ok: true,
      data: enveloped.publishedKeys(),
    });

    await Promise.all([raw.stop(), enveloped.stop()]);
  });

  it('rotate, and keep or withdraw the old key', async () => {
    const lime = await startSandbox();
    const old = await lime.signPassport();
    const { kid } = await lime.rotateKeys();

    expect(decodeProtectedHeader(await lime.signPassport()).kid).toBe(kid);
    expect(lime.publishedKeys().keys.map((key) => key.kid)).toEqual([
      decodeProtectedHeader(old).kid,
      kid,
    ]);

    const last = await lime.rotateKeys({ keepOld: false });
    expect(lime.publishedKeys().keys.map((key) => key.kid)).toEqual([last.kid]);
    const keys = createLocalJWKSet(lime.publishedKeys());
    await expect(jwtVerify(old, keys)).rejects.toThrow(/no applicable key/);

    await lime.stop();
  });
});
