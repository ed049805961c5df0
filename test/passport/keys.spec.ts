import { describe, expect, it } from '@jest/globals';
import {
  type Clock,
  InvalidPassportError,
  LimeError,
  type LimeSitesModuleOptions,
} from 'nestjs-lime-sites';
import type { LimeSandbox, LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import type { JWK } from 'jose';
import { failureOf } from '../support/failure-of.js';
import { createKeyPair, type KeyPair } from '../support/key-pair.js';
import { ManualClock } from '../support/manual-clock.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe("LIME's signing keys", () => {
  const start = useStarter();

  interface Setup {
    sandbox?: LimeSandboxOptions;
    options?: LimeSitesModuleOptions;
    /** The fault before the first fetch. */
    before?: (lime: LimeSandbox) => void;
  }

  /** Starts a site on a manual clock, which also dates its passports. */
  async function startSite({ sandbox = {}, options = {}, before }: Setup = {}) {
    const lime = await start.lime(sandbox);
    before?.(lime);
    const clock = new ManualClock();
    const started = await start.site({ lime, clock, options: { dispatcher: false, ...options } });
    await until(() => lime.callCount('jwks') === 1 && clock.waits.length === 0);
    const sign = (overrides = {}) =>
      lime.signPassport({}, { issuedAt: new Date(clock.now()), ...overrides });
    return { ...started, clock, sign };
  }

  /** A site, and the key with which the platform signs until it rotates its keys. */
  async function startSiteWithOldKey() {
    const old = createKeyPair('old');
    const started = await startSite({ sandbox: { signingKey: old.privateKey } });
    const kid = String(started.lime.publishedKeys().keys[0]?.kid);
    const signWithOld = () => started.sign({ key: old.privateKey, kid });
    return { ...started, signWithOld };
  }

  it('are fetched once at the start, and serve every passport from then on', async () => {
    const { lime, site, sign } = await startSite();
    await Promise.all(Array.from({ length: 100 }, async () => site.verifyPassport(await sign())));
    expect(lime.callCount('jwks')).toBe(1);
  });

  it('are fetched once for all waiting verifications', async () => {
    const { lime, site, clock, sign } = await startSite({
      before: ({ faults }) => faults.respond('jwks', { status: 500 }),
    });
    clock.advance(2 * SECOND);
    const jwt = await sign();
    await Promise.all(Array.from({ length: 50 }, () => site.verifyPassport(jwt)));
    expect(lime.callCount('jwks')).toBe(2);
  });

  it('are fetched without the site token', async () => {
    const { lime } = await startSite();
    expect(lime.calls.find(({ target }) => target === 'jwks')).toMatchObject({
      siteToken: false,
      headers: { accept: 'application/json' },
    });
  });

  it.each(['raw', 'enveloped'] as const)('can arrive %s', async (jwks) => {
    const { site, sign } = await startSite({ sandbox: { jwks } });
    await expect(site.verifyPassport(await sign())).resolves.toMatchObject({ valid: true });
  });

  it('are shared with no other site', async () => {
    const one = await startSite();
    const other = await startSite();
    const error = await failureOf(
      InvalidPassportError,
      one.site.verifyPassport(await other.sign()),
    );
    expect(error.code).toBe('PASSPORT_KEY_UNKNOWN');
  });

  describe('when they change', () => {
    it('are fetched again for a passport that names a new one', async () => {
      const { lime, site, sign } = await startSite();
      await lime.rotateKeys();
      await expect(site.verifyPassport(await sign())).resolves.toMatchObject({ valid: true });
      expect(lime.callCount('jwks')).toBe(2);
    });

    it('are fetched at most once in ten seconds for any key ids of forged passports', async () => {
      const { lime, site, clock, sign } = await startSite();
      const forge = async (count: number) => {
        const forged = Array.from({ length: count }, async (_, index) =>
          site.verifyPassport(await sign({ kid: `forged-${index}` })),
        );
        for (const work of forged) {
          const { code } = await failureOf(InvalidPassportError, work);
          expect(code).toBe('PASSPORT_KEY_UNKNOWN');
        }
      };
      await forge(100);
      expect(lime.callCount('jwks')).toBe(2);
      clock.advance(10 * SECOND - 1);
      await forge(1);
      expect(lime.callCount('jwks')).toBe(2);
      clock.advance(1);
      await forge(3);
      expect(lime.callCount('jwks')).toBe(3);
    });

    it('do not delay a passport of a known key while they are fetched for a forged one', async () => {
      const { lime, site, sign } = await startSite();
      const [good, forged] = [await sign(), await sign({ kid: 'forged' })];
      lime.faults.hang('jwks');
      const waiting = failureOf(LimeError, site.verifyPassport(forged));
      await expect(site.verifyPassport(good)).resolves.toMatchObject({ valid: true });
      lime.faults.clear();
      await site.onApplicationShutdown();
      await waiting;
    });

    it('are refreshed in the background after five minutes', async () => {
      const { lime, site, clock, sign } = await startSite();
      clock.advance(5 * MINUTE - 1);
      await site.verifyPassport(await sign());
      expect(lime.callCount('jwks')).toBe(1);
      clock.advance(1);
      lime.faults.hang('jwks');
      const passports = await Promise.all(Array.from({ length: 10 }, () => sign()));
      for (const jwt of passports) {
        await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
      }
      await until(() => lime.callCount('jwks') === 2);
    });

    it('stop working after the next refresh when they are withdrawn', async () => {
      const { lime, site, clock, sign } = await startSite();
      const withdrawn = createKeyPair('withdrawn');
      respondKeys(lime, [withdrawn.jwk], 1);
      clock.advance(5 * MINUTE);
      await site.verifyPassport(await sign());
      await until(() => lime.callCount('jwks') === 2 && clock.waits.length === 0);
      await site.verifyPassport(await passport(withdrawn, lime, clock));
      clock.advance(5 * MINUTE);
      await site.verifyPassport(await passport(withdrawn, lime, clock));
      await until(() => lime.callCount('jwks') === 3 && clock.waits.length === 0);
      const work = site.verifyPassport(await passport(withdrawn, lime, clock));
      expect((await failureOf(InvalidPassportError, work)).code).toBe('PASSPORT_KEY_UNKNOWN');
    });

    it('stop working ten minutes after the last fetch at the latest when they are withdrawn', async () => {
      const { lime, site, clock, signWithOld } = await startSiteWithOldKey();
      await lime.rotateKeys({ keepOld: false });
      clock.advance(5 * MINUTE - 1);
      await expect(site.verifyPassport(await signWithOld())).resolves.toBeDefined();
      clock.advance(5 * MINUTE + 1);
      const work = site.verifyPassport(await signWithOld());
      expect((await failureOf(InvalidPassportError, work)).code).toBe('PASSPORT_KEY_UNKNOWN');
      expect(lime.callCount('jwks')).toBe(2);
    });

    it('stop working for verified passports when they are withdrawn', async () => {
      const { lime, site, clock, signWithOld } = await startSiteWithOldKey();
      clock.advance(10 * MINUTE - 30 * SECOND);
      lime.faults.respond('jwks', { status: 500 });
      const jwt = await signWithOld();
      await expect(site.verifyPassport(jwt)).resolves.toBeDefined();
      await until(() => lime.callCount('jwks') === 2 && clock.waits.length === 0);
      await lime.rotateKeys({ keepOld: false });
      clock.advance(30 * SECOND);
      const work = site.verifyPassport(jwt);
      expect((await failureOf(InvalidPassportError, work)).code).toBe('PASSPORT_KEY_UNKNOWN');
    });

    it('are refreshed every five minutes at most with any number of passports', async () => {
      const { lime, site, clock, sign } = await startSite();
      for (let refreshes = 1; refreshes <= 3; refreshes++) {
        clock.advance(5 * MINUTE);
        for (let count = 0; count < 5; count++) {
          await site.verifyPassport(await sign());
          await until(() => clock.waits.length === 0);
        }
        expect(lime.callCount('jwks')).toBe(1 + refreshes);
      }
    });
  });

  describe('when they are unavailable', () => {
    it('make a verification fail with KEYS_UNAVAILABLE, until they are available again', async () => {
      const { lime, site, clock, logs, sign } = await startSite({
        before: ({ faults }) => faults.respond('jwks', { status: 503, times: Infinity }),
      });
      const error = await failureOf(LimeError, site.verifyPassport(await sign()));
      expect(error).not.toBeInstanceOf(InvalidPassportError);
      expect(error.code).toBe('KEYS_UNAVAILABLE');
      expect(error.cause).toMatchObject({ code: 'KEY_SET_INVALID', httpStatus: 503 });

      lime.faults.clear();
      clock.advance(1 * SECOND);
      await expect(site.verifyPassport(await sign())).resolves.toMatchObject({ valid: true });
      expect(logs.of('warn').filter((line) => line.includes('JWKS'))).toEqual([
        expect.stringMatching(
          /^JWKS unavailable \(.* HTTP 503\), signatures cannot be verified until a reload succeeds$/,
        ),
      ]);
      expect(logs.of('log')).toContain('JWKS available again');
    });

    it('are fetched again after 1 s, 2 s, 4 s … and at least every 30 s', async () => {
      const { lime, site, clock, sign } = await startSite({
        before: ({ faults }) => faults.respond('jwks', { status: 503, times: Infinity }),
      });
      for (const [index, pause] of [1, 2, 4, 8, 16, 30, 30].entries()) {
        clock.advance(pause * SECOND - 1);
        await failureOf(LimeError, site.verifyPassport(await sign()));
        expect(lime.callCount('jwks')).toBe(index + 1);
        clock.advance(1);
        await failureOf(LimeError, site.verifyPassport(await sign()));
        expect(lime.callCount('jwks')).toBe(index + 2);
      }
    });

    it.each<[string, (lime: LimeSandbox) => void]>([
      ['an error', ({ faults }) => faults.respond('jwks', { status: 500, times: Infinity })],
      ['an empty set', (lime) => respondKeys(lime, [])],
      ['an object without keys', (lime) => respondWith(lime, { ok: true, data: null })],
      ['keys that are not a list', (lime) => respondWith(lime, { keys: 'none' })],
      ['JSON null', (lime) => respondWith(lime, 'null')],
      ['a page', (lime) => respondWith(lime, '<html>')],
      [
        'more than 256 KiB',
        (lime) => respondWith(lime, { keys: lime.publishedKeys().keys, x: 'x'.repeat(2 ** 18) }),
      ],
      ['a reset', ({ faults }) => faults.reset('jwks', Infinity)],
      [
        'a redirect',
        ({ faults }) =>
          faults.respond('jwks', { status: 302, headers: { location: '/' }, times: Infinity }),
      ],
    ])('serve from the last good JWKS: %s', async (_, fail) => {
      const { lime, site, clock, logs, sign } = await startSite();
      fail(lime);
      clock.advance(2 * 60 * MINUTE);
      await expect(site.verifyPassport(await sign())).resolves.toMatchObject({ valid: true });
      expect(lime.callCount('jwks')).toBe(2);
      expect(logs.of('warn')).toContainEqual(
        expect.stringMatching(/^JWKS unavailable \(.+\), verifying with the cached keys$/),
      );
      const forged = site.verifyPassport(await sign({ kid: 'forged' }));
      await expect(forged).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    });

    it('serve from the last good JWKS for a day, and no longer', async () => {
      const { lime, site, clock, sign } = await startSite();
      lime.faults.respond('jwks', { status: 500, times: Infinity });
      for (const ms of [10 * MINUTE, 50 * MINUTE, 23 * 60 * MINUTE - 1]) {
        clock.advance(ms);
        await expect(site.verifyPassport(await sign())).resolves.toMatchObject({ valid: true });
      }
      clock.advance(1);
      const error = await failureOf(LimeError, site.verifyPassport(await sign()));
      expect(error.code).toBe('KEYS_UNAVAILABLE');

      lime.faults.clear();
      clock.advance(30 * SECOND);
      await expect(site.verifyPassport(await sign())).resolves.toMatchObject({ valid: true });
    });

    it('are unavailable after timeoutMs', async () => {
      const lime = await start.lime();
      lime.faults.hang('jwks');
      const clock = new ManualClock();
      const { site } = await start.site({
        lime,
        clock,
        options: { dispatcher: false, timeoutMs: 1_234 },
      });
      await until(() => lime.callCount('jwks') === 1);
      const jwt = await lime.signPassport({}, { issuedAt: new Date(clock.now()) });
      const work = failureOf(LimeError, site.verifyPassport(jwt));
      clock.advance(1_234);
      expect(await work).toMatchObject({
        code: 'KEYS_UNAVAILABLE',
        cause: expect.objectContaining({ code: 'TIMEOUT' }) as unknown,
      });
    });
  });

  describe('of which some are unusable', () => {
    const good = createKeyPair('good');
    const other = createKeyPair('other');

    it('do not affect the usable ones', async () => {
      const keys = [
        null,
        7,
        'key',
        [],
        {},
        { ...other.jwk, kid: undefined },
        { ...other.jwk, kid: '' },
        { ...other.jwk, kid: 'no-n', n: undefined },
        { ...other.jwk, kid: 'no-e', e: undefined },
        { ...other.jwk, kid: 'zero', n: 'AAAA' },
        { ...other.jwk, kid: 'odd', n: `!!!${other.jwk.n ?? ''}` },
        { kty: 'EC', kid: 'ec', crv: 'P-256', x: 'AA', y: 'AA' },
        { kty: 'oct', kid: 'secret', k: 'c2VjcmV0' },
        good.jwk,
      ];
      const { lime, site, clock } = await startSite({
        before: (started) => respondKeys(started, keys),
      });
      await expect(site.verifyPassport(await passport(good, lime, clock))).resolves.toBeDefined();
    });

    it.each<[string, KeyPair, JWK]>([
      ['has only 1024 bits', createKeyPair('weak', { bits: 1024 }), {}],
      ['has 2040 bits', createKeyPair('weak', { bits: 2040 }), {}],
      ['has the exponent 3', createKeyPair('weak', { exponent: 3 }), {}],
      ['is for encryption', other, { use: 'enc' }],
      ['is for another algorithm', other, { alg: 'RS512' }],
      ['is for another padding', other, { alg: 'PS256' }],
    ])('skip one that %s', async (_, key, members) => {
      const unusable = { ...key.jwk, kid: 'unusable', ...members };
      const { lime, site, clock } = await startSite({
        before: (started) => respondKeys(started, [unusable, good.jwk]),
      });
      await expect(site.verifyPassport(await passport(good, lime, clock))).resolves.toBeDefined();
      const work = site.verifyPassport(await passport({ ...key, kid: 'unusable' }, lime, clock));
      await expect(work).rejects.toMatchObject({ code: 'PASSPORT_KEY_UNKNOWN' });
    });

    it('can leave out their use', async () => {
      const jwk = { ...good.jwk, use: undefined, alg: undefined };
      const { lime, site, clock } = await startSite({
        before: (started) => respondKeys(started, [jwk]),
      });
      await expect(site.verifyPassport(await passport(good, lime, clock))).resolves.toBeDefined();
    });

    it('use the first one of two with the same kid', async () => {
      const keys = [good.jwk, { ...other.jwk, kid: 'good' }];
      const { lime, site, clock } = await startSite({
        before: (started) => respondKeys(started, keys),
      });
      await expect(site.verifyPassport(await passport(good, lime, clock))).resolves.toBeDefined();
      const work = site.verifyPassport(await passport({ ...other, kid: 'good' }, lime, clock));
      await expect(work).rejects.toMatchObject({ code: 'PASSPORT_SIGNATURE' });
    });
  });
});

function respondWith({ faults }: LimeSandbox, body: unknown, times = Infinity): void {
  faults.respond('jwks', { status: 200, body, times });
}

function respondKeys(lime: LimeSandbox, keys: unknown[], times = Infinity): void {
  respondWith(lime, { keys }, times);
}

/** Signs with a key that the sandbox does not have. */
function passport({ kid, privateKey }: KeyPair, lime: LimeSandbox, clock: Clock): Promise<string> {
  return lime.signPassport({}, { kid, key: privateKey, issuedAt: new Date(clock.now()) });
}
