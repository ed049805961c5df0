import {
  constants,
  createHash,
  publicEncrypt,
  createPublicKey,
  type JsonWebKey,
} from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { InvalidPassportError, LimeError, type LimeSitesModuleOptions } from 'nestjs-lime-sites';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { failureOf } from '../support/failure-of.js';
import { createKeyPair, type KeyPair } from '../support/key-pair.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { ManualClock } from '../support/manual-clock.js';
import { useCleanup } from '../support/cleanup.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';
import { encodePart } from './support/raw-jws.js';

const HOUR = 60 * 60_000;
const good = createKeyPair('good');
const other = createKeyPair('other');

describe('An attacker in place of the JWKS endpoint', () => {
  const start = useStarter();
  const closeLater = useCleanup();

  async function startSite(keys?: unknown[], options: LimeSitesModuleOptions = {}) {
    const lime = await start.lime();
    if (keys) respond(lime, { keys });
    const clock = new ManualClock();
    const { site } = await start.site({ lime, clock, options: { dispatcher: false, ...options } });
    await until(() => lime.callCount('jwks') === 1 && clock.waits.length === 0);
    const passport = (pair?: KeyPair, claims = {}) =>
      lime.signPassport(claims, {
        issuedAt: new Date(clock.now()),
        ...(pair && { kid: pair.kid, key: pair.privateKey }),
      });
    const codeOf = async (jwt: string) =>
      (await failureOf(LimeError, site.verifyPassport(jwt))).code;
    return { lime, clock, site, passport, codeOf };
  }

  async function startTrap(
    answer: Parameters<typeof LoopbackServer.start>[0],
  ): Promise<LoopbackServer> {
    const trap = await LoopbackServer.start(answer);
    closeLater(() => trap.stop());
    return trap;
  }

  it('cannot publish a key with exponent 1, whose signatures need no private key', async () => {
    const one = { ...good.jwk, kid: 'one', e: 'AQ' };
    const { lime, clock, codeOf } = await startSite([one, good.jwk]);
    const claims = { ...claimsOf(lime, clock), sub: 'forged' };
    const input = `${encodePart({ alg: 'RS256', kid: 'one' })}.${encodePart(claims)}`;
    // With e = 1 the padded digest is its own signature, without a private key.
    const forged = `${input}.${paddedDigest(input).toString('base64url')}`;
    const works = publicEncrypt(
      {
        key: createPublicKey({ key: one as JsonWebKey, format: 'jwk' }),
        padding: constants.RSA_NO_PADDING,
      },
      paddedDigest(input),
    );
    expect(works).toEqual(paddedDigest(input));
    expect(await codeOf(forged)).toBe('PASSPORT_KEY_UNKNOWN');
  });

  const weak = createKeyPair('weak', { bits: 1024 });
  const cubic = createKeyPair('cubic', { exponent: 3 });

  it.each<[string, KeyPair, object]>([
    ['1024 bits', weak, {}],
    ['1024 bits behind zeros', weak, { n: behindZeros(weak.jwk.n, 128) }],
    ['the exponent 3', cubic, {}],
    ['an exponent with a leading zero', other, { e: 'AAEAAQ' }],
    ['an exponent that is a number', other, { e: 65537 }],
    ['a kid that is a number', other, { kid: 7 }],
    ['a kid that is a list', other, { kid: ['other'] }],
    ['the type of a secret', other, { kty: 'oct', k: 'c2VjcmV0' }],
    ['the type of a curve', other, { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
    ['a purpose that is encryption', other, { use: 'enc' }],
    ['a purpose that is a list', other, { use: ['sig'] }],
    ['another algorithm', other, { alg: 'PS256' }],
    ['the algorithm none', other, { alg: 'none' }],
    ['the algorithm HS256', other, { alg: 'HS256' }],
  ])('cannot publish a key with %s', async (_, pair, members) => {
    const bad = { ...pair.jwk, kid: 'bad', ...members };
    const { site, passport, codeOf } = await startSite([bad, good.jwk]);
    await site.verifyPassport(await passport(good));
    for (const kid of ['bad', '7', 'other']) {
      expect(await codeOf(await passport({ ...pair, kid }))).toBe('PASSPORT_KEY_UNKNOWN');
    }
  });

  it('cannot change the use of a key by its other members', async () => {
    const privateJwk = good.privateKey.export({ format: 'jwk' });
    const chatty = {
      ...privateJwk,
      ...good.jwk,
      x5u: 'http://127.0.0.1:1/',
      ext: 'x',
      key_ops: ['sign'],
    };
    const { site, passport } = await startSite([chatty]);
    await expect(site.verifyPassport(await passport(good))).resolves.toMatchObject({ valid: true });
  });

  it('cannot replace a key by a second one with the same kid', async () => {
    const { site, passport, codeOf } = await startSite([good.jwk, { ...other.jwk, kid: 'good' }]);
    await site.verifyPassport(await passport(good));
    expect(await codeOf(await passport({ ...other, kid: 'good' }))).toBe('PASSPORT_SIGNATURE');
  });

  it('cannot hide a good key among a thousand unusable ones', async () => {
    const junk = Array.from({ length: 1_000 }, (_, index) => ({ kty: 'EC', kid: `${index}` }));
    const { site, passport } = await startSite([...junk, good.jwk]);
    await expect(site.verifyPassport(await passport(good))).resolves.toMatchObject({ valid: true });
  });

  it('cannot stop the process with the largest possible number of keys', async () => {
    const { n, e } = other.jwk;
    const many = Array.from({ length: 600 }, (_, index) => ({ kty: 'RSA', kid: `${index}`, n, e }));
    const { site, passport } = await startSite([...many, good.jwk]);
    await expect(site.verifyPassport(await passport(good))).resolves.toMatchObject({ valid: true });
    await site.verifyPassport(await passport({ ...other, kid: '599' }));
  });

  it('cannot stop the process with one key that fills the whole document', async () => {
    const n = Buffer.alloc(150 * 1024, 0xff).toString('base64url');
    const huge = { kty: 'RSA', kid: 'huge', n, e: 'AQAB' };
    const { site, passport, codeOf } = await startSite([huge, good.jwk]);
    await site.verifyPassport(await passport(good));
    const startedAt = performance.now();
    const forged = await passport({ ...other, kid: 'huge' });
    expect(await codeOf(forged)).toMatch(/^PASSPORT_(SIGNATURE|KEY_UNKNOWN|MALFORMED)$/);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it.each<[string, object | string]>([
    ['an object nested deeply', `${'{"keys":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['a list nested deeply', `{"keys":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['keys from a prototype', '{"__proto__":{"keys":[]}}'],
    ['keys that are an object', { keys: { 0: good.jwk, length: 1 } }],
    ['a key without a set', good.jwk],
    ['a page', '<!doctype html><title>Sign in</title>'],
    ['a token', 'eyJhbGciOiJub25lIn0.e30.'],
  ])('cannot replace the cached keys with %s', async (_, body) => {
    const { lime, clock, site, passport } = await startSite([good.jwk]);
    lime.faults.clear();
    respond(lime, body);
    clock.advance(2 * HOUR);
    await expect(site.verifyPassport(await passport(good))).resolves.toMatchObject({ valid: true });
    expect(lime.callCount('jwks')).toBe(2);
  });

  it('cannot redirect the fetch to other keys', async () => {
    const trap = await startTrap((_request, response) =>
      response.end(JSON.stringify({ keys: [other.jwk] })),
    );
    const { lime, clock, codeOf, passport } = await startSite();
    for (const status of [301, 302, 303, 307, 308]) {
      const headers = { location: `${trap.url}/jwks.json` };
      lime.faults.respond('jwks', { status, headers, body: { keys: [other.jwk] } });
      clock.advance(HOUR);
      expect(await codeOf(await passport(other))).toBe('KEYS_UNAVAILABLE');
    }
    expect(trap.requests).toHaveLength(0);
  });

  it('cannot fill the memory with an endless answer', async () => {
    let sent = 0;
    let cutOff = false;
    const trap = await startTrap((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const write = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', write).on('close', () => (cutOff = true));
      write();
    });
    const lime = await start.lime();
    const { site } = await start.site({ lime, options: { dispatcher: false, baseUrl: trap.url } });
    const jwt = await lime.signPassport();
    const error = await failureOf(LimeError, site.verifyPassport(jwt));
    expect(error).toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    expect(error.cause).toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
    await until(() => cutOff);
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  it('cannot delay a verification for longer than timeoutMs with a slow answer', async () => {
    const trap = await startTrap((_request, response) => response.write('{"keys":'));
    const lime = await start.lime();
    const clock = new ManualClock();
    const options = { dispatcher: false, baseUrl: trap.url, timeoutMs: 5_000 };
    const { site } = await start.site({ lime, clock, options });
    await trap.received();
    const work = failureOf(LimeError, site.verifyPassport(await lime.signPassport()));
    clock.advance(5_000);
    expect(await work).toMatchObject({ code: 'KEYS_UNAVAILABLE' });
  });
});

describe('During an outage of the JWKS endpoint', () => {
  const start = useStarter();

  async function startOutage() {
    const lime = await start.lime();
    const clock = new ManualClock();
    const { site } = await start.site({ lime, clock, options: { dispatcher: false } });
    await until(() => lime.callCount('jwks') === 1 && clock.waits.length === 0);
    lime.faults.respond('jwks', { status: 503, times: Infinity });
    const passport = () => lime.signPassport({}, { issuedAt: new Date(clock.now()) });
    return { lime, clock, site, passport };
  }

  it('the cached keys work for a day, and not a millisecond longer', async () => {
    const { lime, clock, site, passport } = await startOutage();
    clock.advance(24 * HOUR - 1);
    await expect(site.verifyPassport(await passport())).resolves.toMatchObject({ valid: true });
    clock.advance(1);
    const error = await failureOf(LimeError, site.verifyPassport(await passport()));
    expect(error).not.toBeInstanceOf(InvalidPassportError);
    expect(error.code).toBe('KEYS_UNAVAILABLE');

    lime.faults.clear();
    clock.advance(30_000);
    await expect(site.verifyPassport(await passport())).resolves.toMatchObject({ valid: true });
  });

  it('a verified passport stops working together with the cached keys', async () => {
    const { clock, site, passport } = await startOutage();
    clock.advance(24 * HOUR - 1_000);
    const jwt = await passport();
    await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    clock.advance(1_000);
    const error = await failureOf(LimeError, site.verifyPassport(jwt));
    expect(error.code).toBe('KEYS_UNAVAILABLE');
  });

  it('forged passports cannot cause more reloads than the backoff allows', async () => {
    const { lime, clock, site } = await startOutage();
    const before = lime.callCount('jwks');
    for (let second = 0; second < 60; second++) {
      clock.advance(1_000);
      const forged = await lime.signPassport(
        {},
        { kid: `forged-${second}`, key: other.privateKey },
      );
      await failureOf(LimeError, site.verifyPassport(forged));
    }
    // At 1, 2, 4, 8, 16 and 30 s, and never sooner than the cooldown of unknown kids.
    expect(lime.callCount('jwks') - before).toBeLessThanOrEqual(7);
  });
});

function respond(lime: LimeSandbox, body: object | string): void {
  lime.faults.respond('jwks', { status: 200, body, times: Infinity });
}

function claimsOf(lime: LimeSandbox, clock: ManualClock): object {
  const iat = Math.floor(clock.now() / 1000);
  const sub = lime.agent.agentId;
  return { sub, aud: 'lime-site-login', request_id: 'lr_1', iat, exp: iat + 60 };
}

/** EMSA-PKCS1-v1_5 over SHA-256 (RFC 8017 section 9.2), for a key of 2048 bits. */
function paddedDigest(input: string): Buffer {
  const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const tail = Buffer.concat([
    Buffer.of(0),
    digestInfo,
    createHash('sha256').update(input).digest(),
  ]);
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(256 - 2 - tail.length, 0xff), tail]);
}

function behindZeros(n: string | undefined, count: number): string {
  return Buffer.concat([Buffer.alloc(count), Buffer.from(n ?? '', 'base64url')]).toString(
    'base64url',
  );
}
