import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createKeyPair } from '../support/key-pair.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { encodePart } from './support/raw-jws.js';
import { useTarget } from './support/target.js';

const attacker = createKeyPair('attacker');

describe('A passport with a false algorithm', () => {
  const target = useTarget();

  describe.each(['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\u0000', 'n\u043ene', ''])(
    'alg "%s"',
    (alg) => {
      const unsigned = () =>
        `${encodePart(target().header({ alg }))}.${encodePart(target().claims())}`;

      it.each([
        ['no signature', ''],
        ['a short signature', 'AAAA'],
      ])('is refused with %s', async (_, signature) => {
        const code = await target().refusal(`${unsigned()}.${signature}`);
        expect(code).toBe(signature === '' ? 'PASSPORT_MALFORMED' : 'PASSPORT_ALGORITHM');
      });

      it('is refused without a third part', async () => {
        expect(await target().refusal(unsigned())).toBe('PASSPORT_MALFORMED');
      });

      it('is refused with a genuine signature', async () => {
        const jwt = target().token({ header: target().header({ alg }) });
        expect(await target().refusal(jwt)).toBe('PASSPORT_ALGORITHM');
      });
    },
  );

  it.each([
    ['an algorithm in lower case', 'rs256'],
    ['an algorithm with a blank behind it', 'RS256 '],
    ['a list', ['RS256']],
    ['an object', { toString: 'RS256' }],
    ['null', null],
    ['a number', 256],
    ['true', true],
    ['nothing', undefined],
    ['a name from a prototype', '__proto__'],
  ])('is refused with %s as alg over a genuine signature', async (_, alg) => {
    const jwt = target().token({ header: target().header({ alg }) });
    expect(await target().refusal(jwt)).toBe('PASSPORT_ALGORITHM');
  });

  describe('signed with the public key as an HMAC secret', () => {
    const secrets: [string, (publicKey: JsonWebKey) => string | Buffer][] = [
      ['SPKI PEM', (jwk) => keyOf(jwk).export({ type: 'spki', format: 'pem' })],
      [
        'SPKI PEM, trimmed',
        (jwk) => String(keyOf(jwk).export({ type: 'spki', format: 'pem' })).trim(),
      ],
      ['PKCS#1 PEM', (jwk) => keyOf(jwk).export({ type: 'pkcs1', format: 'pem' })],
      ['SPKI DER', (jwk) => keyOf(jwk).export({ type: 'spki', format: 'der' })],
      ['PKCS#1 DER', (jwk) => keyOf(jwk).export({ type: 'pkcs1', format: 'der' })],
      ['a JWK', (jwk) => JSON.stringify(jwk)],
      ['n as text', ({ n }) => String(n)],
      ['n as bytes', ({ n }) => Buffer.from(String(n), 'base64url')],
      ['its kid', ({ kid }) => String(kid)],
      ['nothing at all', () => ''],
    ];

    it.each(
      secrets.flatMap(([form, secret]) =>
        (['HS256', 'HS384', 'HS512'] as const).map((alg) => [alg, form, secret] as const),
      ),
    )('is refused: %s over %s', async (alg, _, secretOf) => {
      const jwk = target().lime.publishedKeys().keys[0] as JsonWebKey;
      const forge = (named: string) => {
        const header = encodePart(target().header({ alg: named }));
        const input = `${header}.${encodePart(target().claims())}`;
        const mac = createHmac(`sha${alg.slice(2)}`, secretOf(jwk)).update(input);
        return `${input}.${mac.digest('base64url')}`;
      };
      expect(await target().refusal(forge(alg))).toBe('PASSPORT_ALGORITHM');
      expect(await target().refusal(forge('RS256'))).toBe('PASSPORT_SIGNATURE');
    });
  });

  it.each(['RS384', 'RS512', 'PS256', 'PS384', 'PS512'])(
    'is refused with %s, also by the right key, and under the name RS256',
    async (alg) => {
      const { lime, clock } = target();
      const issuedAt = new Date(clock.now());
      const honest = await lime.signPassport({}, { alg, issuedAt });
      expect(await target().refusal(honest)).toBe('PASSPORT_ALGORITHM');
      const lying = await lime.signPassport({}, { alg, issuedAt, header: { alg: 'RS256' } });
      expect(await target().refusal(lying)).toBe('PASSPORT_SIGNATURE');
    },
  );

  it.each([
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['EdDSA', generateKeyPairSync('ed25519').privateKey],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ])('is refused with %s', async (alg, key) => {
    const jwt = await target().lime.signPassport({}, { alg, key });
    expect(await target().refusal(jwt)).toBe('PASSPORT_ALGORITHM');
  });

  it('is refused with a signature of zeros, or of the largest number, in the right length', async () => {
    for (const byte of [0x00, 0xff]) {
      const input = target().token().split('.').slice(0, 2).join('.');
      const signature = Buffer.alloc(256, byte).toString('base64url');
      expect(await target().refusal(`${input}.${signature}`)).toBe('PASSPORT_SIGNATURE');
    }
  });
});

describe('A passport that brings its own key', () => {
  const target = useTarget();
  let trap: LoopbackServer;

  beforeAll(async () => {
    trap = await LoopbackServer.start((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [attacker.jwk] }));
    });
  });
  afterAll(() => trap.stop());

  const { certificate } = { certificate: 'MIIBszCCAVmgAwIBAgIU' };

  it.each<[string, () => object]>([
    ['in jwk', () => ({ jwk: attacker.jwk })],
    ['in x5c', () => ({ x5c: [certificate] })],
    ['behind jku', () => ({ jku: `${trap.url}/jwks.json` })],
    ['behind x5u', () => ({ x5u: `${trap.url}/cert.pem` })],
    ['behind iss', () => ({ iss: trap.url })],
    ['as a kid that is an address', () => ({ kid: `${trap.url}/jwks.json` })],
    ['in jwk as HMAC', () => ({ jwk: { kty: 'oct', k: 'c2VjcmV0' } })],
    [
      'in all places at once',
      () => ({
        jwk: attacker.jwk,
        x5c: [certificate],
        jku: `${trap.url}/jwks.json`,
        x5u: `${trap.url}/cert.pem`,
        x5t: 'AAAA',
      }),
    ],
  ])('is refused, and its key is neither used nor fetched: %s', async (_, members) => {
    const underRightKid = target().header(members());
    const { kid: _kid, ...embedded } = members() as { kid?: string };
    for (const header of [underRightKid, target().header({ ...embedded, kid: 'attacker' })]) {
      const jwt = target().token({ header, key: attacker.privateKey });
      expect(await target().refusal(jwt)).toMatch(/^PASSPORT_(SIGNATURE|KEY_UNKNOWN)$/);
    }
    const withoutKid = target().header({ ...embedded, kid: undefined });
    const jwt = target().token({ header: withoutKid, key: attacker.privateKey });
    expect(await target().refusal(jwt)).toBe('PASSPORT_MALFORMED');
    expect(trap.requests).toHaveLength(0);
  });

  it('does not cause a fetch with a genuine signature either', async () => {
    const jku = `${trap.url}/jwks.json`;
    const header = target().header({ jku, x5u: jku, jwk: attacker.jwk });
    await target().site.verifyPassport(target().token({ header }));
    expect(trap.requests).toHaveLength(0);
  });

  it('is refused with the right kid', async () => {
    const jwt = target().token({ key: attacker.privateKey });
    expect(await target().refusal(jwt)).toBe('PASSPORT_SIGNATURE');
  });

  it('is refused with the genuine signature of another token', async () => {
    const [header, , signature] = target().token().split('.');
    const payload = encodePart(target().claims({ sub: 'another-agent' }));
    const jwt = `${header}.${payload}.${signature}`;
    expect(await target().refusal(jwt)).toBe('PASSPORT_SIGNATURE');
  });
});

describe('A passport with header extensions', () => {
  const target = useTarget();

  it.each<[string, object]>([
    ['b64 false, as it has to be announced', { crit: ['b64'], b64: false }],
    ['b64 true', { crit: ['b64'], b64: true }],
    ['an unknown extension', { crit: ['lime'], lime: 1 }],
    ['an extension that is missing', { crit: ['exp'] }],
    ['an empty crit', { crit: [] }],
    ['crit null', { crit: null }],
    ['crit that is a text', { crit: 'b64' }],
    ['crit from a prototype', { crit: ['__proto__'] }],
    ['crit that repeats itself', { crit: ['b64', 'b64'], b64: true }],
  ])('is refused with a genuine signature: %s', async (_, members) => {
    const jwt = target().token({ header: target().header(members) });
    expect(await target().refusal(jwt)).toBe('PASSPORT_ALGORITHM');
  });

  it('is read as encoded when b64 is not in crit', async () => {
    const header = target().header({ b64: false });
    const { claims } = await target().site.verifyPassport(target().token({ header }));
    expect(claims.request_id).toBe('lr_1');
  });
});

function keyOf(jwk: JsonWebKey) {
  return createPublicKey({ key: jwk, format: 'jwk' });
}
