import { sign } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { JWK } from 'jose';
import { createKeyPair } from '../support/key-pair.js';
import { until } from '../support/until.js';
import { encodePart } from './support/raw-jws.js';
import { NOW } from './support/now.js';
import { type Target, useTarget } from './support/target.js';

/** A key set is fresh for so long. */
const REFRESH_MS = 5 * 60_000;
const signAsync = promisify(sign);

describe('A passport that was verified before', () => {
  const target = useTarget();

  /** A passport dated by the target's clock, which has gone on. */
  function fresh(changes: object = {}): string {
    const iat = Math.floor(target().clock.now() / 1000);
    return target().token({ payload: target().claims({ iat, exp: iat + 120, ...changes }) });
  }

  it('is not verified for another signature, another header or another payload', async () => {
    const { site } = target();
    const jwt = fresh();
    await site.verifyPassport(jwt);
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const [otherHeader = '', otherPayload = '', otherSignature = ''] = fresh({ sub: 'b' }).split(
      '.',
    );
    expect(otherHeader).toBe(header);
    for (const forged of [
      `${header}.${payload}.${otherSignature}`,
      `${header}.${otherPayload}.${signature}`,
      `${encodePart(target().header({ typ: 'x' }))}.${payload}.${signature}`,
    ]) {
      expect(await target().refusal(forged)).toBe('PASSPORT_SIGNATURE');
    }
  });

  it('still has to be for the expected request', async () => {
    const { site } = target();
    const jwt = fresh({ request_id: 'lr_own' });
    await site.verifyPassport(jwt, { expectedRequestId: 'lr_own' });
    const work = site.verifyPassport(jwt, { expectedRequestId: 'lr_other' });
    await expect(work).rejects.toMatchObject({ code: 'PASSPORT_REQUEST_MISMATCH' });
  });

  it('gives each caller claims of its own, which later callers do not see changed', async () => {
    const { site } = target();
    const jwt = fresh({ roles: ['guest'], extra: { of: 'LIME' } });
    const first = await site.verifyPassport(jwt);
    const before = structuredClone(first.claims);
    Object.assign(first.claims, { sub: 'admin', agent_id: 'admin', request_id: 'lr_x', exp: 9e9 });
    (first.claims['roles'] as string[]).push('admin');
    Object.assign(first.claims['extra'] as object, { of: 'somebody else' });
    delete (first.claims as Partial<typeof first.claims>).aud;
    const second = await site.verifyPassport(jwt);
    expect(second.claims).toEqual(before);
    expect(second.claims).not.toBe(first.claims);
  });

  it('cannot be kept alive by a caller who changes its end', async () => {
    const { site, clock } = target();
    const jwt = fresh();
    const { claims } = await site.verifyPassport(jwt);
    claims.exp += 3_600;
    clock.advance(125_000);
    expect(await target().refusal(jwt)).toBe('PASSPORT_EXPIRED');
  });

  it('cannot pollute prototypes by what it claims', async () => {
    const { site } = target();
    const iat = Math.floor(target().clock.now() / 1000);
    const payload = JSON.stringify(target().claims({ iat, exp: iat + 60, extra: '|' }))
      .replace(
        '{',
        '{"__proto__":{"polluted":true,"isAdmin":true},"constructor":{"prototype":{"polluted":true}},',
      )
      .replace('"|"', '{"__proto__":{"polluted":true}}');
    const jwt = target().token({ payload });
    for (let time = 0; time < 2; time++) {
      const { claims } = await site.verifyPassport(jwt);
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
      expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
      expect(Reflect.get(claims['extra'] as object, 'polluted')).toBeUndefined();
      expect('isAdmin' in claims).toBe(false);
      expect(claims.request_id).toBe('lr_1');
    }
  });

  it('cannot pollute prototypes by the audience that it is refused for', async () => {
    const aud = JSON.parse('{"__proto__":{"polluted":true},"a":[{"__proto__":{"polluted":true}}]}');
    expect(await target().refusal(fresh({ aud }))).toBe('PASSPORT_AUDIENCE');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('A passport that was verified before its key changed', () => {
  const old = createKeyPair('old');

  /** A target that trusts one further key, and that has verified a passport of it just before a refresh is due. */
  function useWithdrawal() {
    const target = useTarget();
    return async () => {
      const { lime, site, clock } = target();
      publish(target(), [...lime.publishedKeys().keys, old.jwk]);
      clock.advance(REFRESH_MS);
      await site.verifyPassport(dated(target()));
      await until(() => lime.callCount('jwks') === 2 && clock.waits.length === 0);
      clock.advance(REFRESH_MS - 1);
      const jwt = dated(target(), old);
      await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
      return { target: target(), jwt };
    };
  }

  describe('because it was withdrawn', () => {
    const prepare = useWithdrawal();

    it('stops working after the next refresh', async () => {
      const { target, jwt } = await prepare();
      publish(target, target.lime.publishedKeys().keys);
      target.clock.advance(1);
      await target.site.verifyPassport(dated(target)); // starts the refresh
      await until(() => target.lime.callCount('jwks') === 3 && target.clock.waits.length === 0);
      expect(await target.refusal(jwt)).toBe('PASSPORT_KEY_UNKNOWN');
    });
  });

  describe('because another key took its kid', () => {
    const prepare = useWithdrawal();

    it('stops working after the next refresh', async () => {
      const { target, jwt } = await prepare();
      const successor = createKeyPair('old');
      publish(target, [...target.lime.publishedKeys().keys, successor.jwk]);
      target.clock.advance(1);
      await target.site.verifyPassport(dated(target));
      await until(() => target.lime.callCount('jwks') === 3 && target.clock.waits.length === 0);
      expect(await target.refusal(jwt)).toBe('PASSPORT_SIGNATURE');
      await target.site.verifyPassport(dated(target, successor));
    });
  });

  function publish({ lime }: Target, keys: JWK[]): void {
    lime.faults.clear();
    lime.faults.respond('jwks', { status: 200, body: { keys }, times: Infinity });
  }

  function dated(target: Target, pair?: typeof old): string {
    const iat = Math.floor(target.clock.now() / 1000);
    const payload = target.claims({ iat, exp: iat + 120 });
    if (!pair) return target.token({ payload });
    return target.token({
      header: target.header({ kid: pair.kid }),
      payload,
      key: pair.privateKey,
    });
  }
});

describe('More passports than the cache holds', () => {
  const target = useTarget();

  it('are each accepted, before and after the cache drops them, and forged ones are not', async () => {
    const passports = await Promise.all(
      Array.from({ length: 10_050 }, (_, index) => signed(`lr_${index}`)),
    );
    for (let start = 0; start < passports.length; start += 500) {
      const batch = passports.slice(start, start + 500);
      await Promise.all(batch.map((jwt) => target().site.verifyPassport(jwt)));
    }
    const { site } = target();
    for (const index of [0, 1, 49, 50, 51, 10_049]) {
      const jwt = passports[index] ?? '';
      const { claims } = await site.verifyPassport(jwt, { expectedRequestId: `lr_${index}` });
      expect(claims.request_id).toBe(`lr_${index}`);
      expect(await target().refusal(`${jwt.slice(0, -4)}AAAA`)).toBe('PASSPORT_SIGNATURE');
    }
  }, 60_000);

  async function signed(requestId: string): Promise<string> {
    const payload = target().claims({ request_id: requestId, exp: NOW + 60 });
    const input = `${encodePart(target().header())}.${encodePart(payload)}`;
    const signature = await signAsync('sha256', Buffer.from(input), target().key);
    return `${input}.${signature.toString('base64url')}`;
  }
});
