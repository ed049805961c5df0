import { describe, expect, it } from '@jest/globals';
import { type Part, signEncoded, withPart } from './support/raw-jws.js';
import { NOW } from './support/now.js';
import { useTarget } from './support/target.js';

const PARTS: readonly Part[] = ['header', 'payload', 'signature'];
const MAX_LENGTH = 8 * 1024;

describe('A genuine passport in another spelling', () => {
  const target = useTarget();

  describe.each([
    ['a blank', ' '],
    ['a tab', '\t'],
    ['a line feed', '\n'],
    ['CR and LF', '\r\n'],
    ['NUL', '\u0000'],
    ['a no-break space', '\u00a0'],
    ['a byte order mark', '\ufeff'],
    ['a zero-width space', '\u200b'],
    ['a zero-width joiner', '\u200d'],
    ['a soft hyphen', '\u00ad'],
    ['a line separator', '\u2028'],
    ['a padding sign', '='],
    ['a percent sign', '%'],
    ['a dot', '.'],
  ])('with %s', (_, character) => {
    it.each<[string, (token: string) => string]>([
      ['before it', (token) => character + token],
      ['behind it', (token) => token + character],
      ['behind the header', (token) => token.replace('.', `${character}.`)],
      ['before the payload', (token) => token.replace('.', `.${character}`)],
      ['within the header', (token) => withPart(token, 'header', inTheMiddle(character))],
      ['within the payload', (token) => withPart(token, 'payload', inTheMiddle(character))],
      ['within the signature', (token) => withPart(token, 'signature', inTheMiddle(character))],
    ])('is refused: %s', async (_where, change) => {
      expect(await target().refusal(change(target().token()))).toBe('PASSPORT_MALFORMED');
    });
  });

  describe.each(PARTS)('in its %s', (part) => {
    it.each<[string, (encoded: string) => string]>([
      ['padded', (encoded) => encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=')],
      ['padded with two signs', (encoded) => `${encoded}==`],
      ['with one character too many', (encoded) => `${encoded}A`],
      ['without its last character', (encoded) => encoded.slice(0, -1)],
      ['folded', (encoded) => encoded.replaceAll(/(.{64})/g, '$1\n')],
      ['percent-encoded', (encoded) => encoded.replace('e', '%65')],
      ['in full-width letters', (encoded) => encoded.replace(/[A-Z]/, '\uff21')],
      ['left out', () => ''],
    ])('is refused: %s', async (_, change) => {
      const token = withPart(spareBits(target()), part, change);
      expect(await target().refusal(token)).toMatch(/^PASSPORT_(MALFORMED|SIGNATURE)$/);
    });

    it('is refused when the spare bits of its last character are not zero', async () => {
      const token = spareBits(target());
      await target().site.verifyPassport(token);
      for (const spelling of nonCanonical(token, part)) {
        expect(await target().refusal(spelling)).toBe('PASSPORT_MALFORMED');
      }
    });

    it('is refused in the other alphabet of base64', async () => {
      const token = tokenWith(target(), part, /[-_]/);
      await target().site.verifyPassport(token);
      const base64 = (encoded: string) => encoded.replaceAll('-', '+').replaceAll('_', '/');
      expect(await target().refusal(withPart(token, part, base64))).toBe('PASSPORT_MALFORMED');
    });
  });

  it.each<[string, (token: string) => unknown]>([
    ['as an encrypted token of five parts', (token) => `${token}.AAAA.AAAA`],
    ['with a fourth part', (token) => `${token}.AAAA`],
    ['with an empty fourth part', (token) => `${token}.`],
    ['with an empty first part', (token) => `.${token}`],
    ['with a detached payload', (token) => withPart(token, 'payload', () => '')],
    ['without its signature', (token) => withPart(token, 'signature', () => '')],
    ['twice, with a comma between', (token) => `${token},${token}`],
    ['twice, with a blank between', (token) => `${token} ${token}`],
    ['twice', (token) => token + token],
    ['with its scheme', (token) => `Bearer ${token}`],
    ['in quotes', (token) => `"${token}"`],
    ['as an address', (token) => `https://127.0.0.1/?passport=${token}`],
    ['with a fragment', (token) => `${token}#`],
    ['with selective disclosures', (token) => `${token}~WyJhIl0~`],
    ['reversed', (token) => token.split('.').toReversed().join('.')],
    ['in lower case', (token) => token.toLowerCase()],
    ['flattened, as a text', (token) => JSON.stringify(flattened(token))],
    ['flattened, as an object', flattened],
    ['general, as a text', (token) => JSON.stringify(general(token))],
    ['general, as an object', general],
    ['as a list', (token) => [token]],
    ['as bytes', (token) => Buffer.from(token)],
    ['as a String object', (token) => Object(token)],
    ['as an object that prints it', (token) => ({ toString: () => token })],
    ['as an object that converts to it', (token) => ({ [Symbol.toPrimitive]: () => token })],
    ['as a function', (token) => () => token],
    ['as a promise', (token) => Promise.resolve(token)],
    ['as a symbol', (token) => Symbol(token)],
    ['not at all', () => undefined],
  ])('is refused: %s', async (_, change) => {
    expect(await target().refusal(change(target().token()))).toMatch(
      /^PASSPORT_(MALFORMED|ALGORITHM|SIGNATURE)$/,
    );
  });
});

describe('A genuine signature of a token that is not a passport', () => {
  const target = useTarget();

  it.each<[string, string | Uint8Array]>([
    ['nothing', ' '],
    ['a list', '[]'],
    ['a list of claims', `[{"aud":"lime-site-login"}]`],
    ['a text', '"claims"'],
    ['a number', '42'],
    ['a boolean', 'true'],
    ['null', 'null'],
    ['NaN', 'NaN'],
    ['half an object', '{"aud":"lime-site-login"'],
    ['two objects', '{}{}'],
    ['a comment', '{/* */}'],
    ['a trailing comma', '{"sub":"a",}'],
    ['single quotes', "{'sub':'a'}"],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['compressed bytes', Uint8Array.of(0x1f, 0x8b, 0x08, 0x00)],
  ])('is refused: %s', async (_, payload) => {
    expect(await target().refusal(target().token({ payload }))).toBe('PASSPORT_MALFORMED');
  });

  it.each<[string, number[]]>([
    ['a lone continuation byte', [0x80]],
    ['a byte that is never used', [0xff]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character cut off', [0xe2, 0x82]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('is refused when a claim is not UTF-8: %s', async (_, bytes) => {
    const [before = '', behind = ''] = JSON.stringify(target().claims({ user_id: '|' })).split('|');
    const payload = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(behind)]);
    expect(await target().refusal(target().token({ payload }))).toBe('PASSPORT_MALFORMED');
  });

  it('is refused when a member of the header is not UTF-8', async () => {
    const [before = '', behind = ''] = JSON.stringify({ ...target().header(), typ: '|' }).split(
      '|',
    );
    const header = Buffer.concat([Buffer.from(before), Buffer.of(0xff), Buffer.from(behind)]);
    expect(await target().refusal(target().token({ header }))).toBe('PASSPORT_MALFORMED');
  });

  it.each<[string, string | Uint8Array]>([
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"RS256"'],
    ['a number', '1'],
    ['half an object', '{"alg":"RS256"'],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
  ])('is refused when the header is %s', async (_, header) => {
    expect(await target().refusal(target().token({ header }))).toBe('PASSPORT_MALFORMED');
  });
});

describe('A member that occurs twice', () => {
  const target = useTarget();

  /** JSON with members before and after those of the object. */
  const around = (before: string, object: object, behind: string) =>
    `{${[before, JSON.stringify(object).slice(1, -1), behind].filter(Boolean).join()}}`;

  it.each([
    ['"alg":"none"', 'PASSPORT_ALGORITHM'],
    ['"alg":"HS256"', 'PASSPORT_ALGORITHM'],
    ['"\\u0061lg":"none"', 'PASSPORT_ALGORITHM'],
    ['"kid":"other"', 'PASSPORT_KEY_UNKNOWN'],
    ['"kid":null', 'PASSPORT_MALFORMED'],
    ['"crit":["b64"]', 'PASSPORT_ALGORITHM'],
  ])('has its last value in the header: %s', async (member, code) => {
    const last = around('', target().header(), member);
    expect(await target().refusal(target().token({ header: last }))).toBe(code);
  });

  it('has one algorithm for all readers', async () => {
    const header = around('"alg":"none","kid":"other"', target().header(), '');
    // The last values are right, for the choice of the key and for the check of the signature.
    await expect(target().site.verifyPassport(target().token({ header }))).resolves.toBeDefined();
    const forged = withPart(
      target().token({ header }),
      'signature',
      (text) => `AAAA${text.slice(4)}`,
    );
    expect(await target().refusal(forged)).toBe('PASSPORT_SIGNATURE');
  });

  it.each([
    ['"aud":"lime-binding"', 'PASSPORT_AUDIENCE'],
    ['"\\u0061ud":"lime-binding"', 'PASSPORT_AUDIENCE'],
    [`"exp":${NOW - 60},"iat":${NOW - 120}`, 'PASSPORT_EXPIRED'],
    [`"exp":${NOW + 3_600}`, 'PASSPORT_LIFETIME'],
    ['"sub":""', 'PASSPORT_CLAIM'],
    ['"request_id":null', 'PASSPORT_CLAIM'],
  ])('has its last value in the payload: %s', async (member, code) => {
    const payload = around('', target().claims(), member);
    expect(await target().refusal(target().token({ payload }))).toBe(code);
  });

  it('is the same request for the check and for the application', async () => {
    const payload = around(
      '"request_id":"lr_first"',
      target().claims({ request_id: 'lr_last' }),
      '',
    );
    const jwt = target().token({ payload });
    const { claims } = await target().site.verifyPassport(jwt, { expectedRequestId: 'lr_last' });
    expect(claims.request_id).toBe('lr_last');
    const first = target().site.verifyPassport(jwt, { expectedRequestId: 'lr_first' });
    await expect(first).rejects.toMatchObject({ code: 'PASSPORT_REQUEST_MISMATCH' });
  });
});

describe('A passport of an unusual size', () => {
  const target = useTarget();

  it('is accepted with exactly 8 KiB, and refused with one more character', async () => {
    const longest = tokenOfLength(target(), MAX_LENGTH);
    await expect(target().site.verifyPassport(longest)).resolves.toMatchObject({ valid: true });
    expect(await target().refusal(tokenOfLength(target(), MAX_LENGTH + 1))).toBe(
      'PASSPORT_MALFORMED',
    );
  });

  it.each<[string, () => string]>([
    ['10 MiB without a dot', () => 'e'.repeat(10 * 2 ** 20)],
    ['10 MiB of dots', () => '.'.repeat(10 * 2 ** 20)],
    ['10 MiB of beginnings', () => 'eyJhbGciOiJSUzI1NiJ9.'.repeat(500_000)],
    ['a payload of 10 MiB', () => withPart(target().token(), 'payload', () => 'e'.repeat(10 ** 7))],
    [
      'a signature of 10 MiB',
      () => withPart(target().token(), 'signature', () => 'e'.repeat(10 ** 7)),
    ],
  ])('is refused at once: %s', async (_, make) => {
    const token = make();
    const startedAt = performance.now();
    await expect(target().site.verifyPassport(token)).rejects.toMatchObject({
      code: 'PASSPORT_MALFORMED',
    });
    expect(performance.now() - startedAt).toBeLessThan(250);
  });

  it.each(['aud', 'sub', 'request_id', 'iat', 'exp', 'nbf'])(
    'is refused without a crash when %s is nested to the maximum size',
    async (claim) => {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const depth = Math.floor(5_000 / (open.length + close.length));
        const nested = open.repeat(depth) + (close === '}' ? '0' : '') + close.repeat(depth);
        const payload = JSON.stringify(target().claims({ [claim]: '|' })).replace('"|"', nested);
        expect(await target().refusal(target().token({ payload }))).toMatch(
          claim === 'aud' ? 'PASSPORT_AUDIENCE' : 'PASSPORT_CLAIM',
        );
      }
    },
  );

  it('is accepted without a crash when another claim is nested deeply, at each verification', async () => {
    const nested = '['.repeat(2_500) + ']'.repeat(2_500);
    const payload = JSON.stringify(target().claims({ extra: '|' })).replace('"|"', nested);
    const jwt = target().token({ payload });
    for (let time = 0; time < 3; time++) {
      await expect(target().site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    }
  });

  it('is accepted with a thousand claims', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 800 }, (_, index) => [index.toString(36), 0]),
    );
    const jwt = target().token({ payload: target().claims(many) });
    await expect(target().site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
  });
});

type Aim = ReturnType<ReturnType<typeof useTarget>>;

function inTheMiddle(character: string): (encoded: string) => string {
  return (encoded) => {
    const middle = Math.floor(encoded.length / 2);
    return encoded.slice(0, middle) + character + encoded.slice(middle);
  };
}

function flattened(token: string): object {
  const [header, payload, signature] = token.split('.');
  return { protected: header, payload, signature };
}

function general(token: string): object {
  const [header, payload, signature] = token.split('.');
  return { payload, signatures: [{ protected: header, signature }] };
}

/** A genuine token whose parts all have spare bits. (A signature always has four.) */
function spareBits(target: Aim): string {
  const fill = (text: string) =>
    Buffer.byteLength(text) % 3 === 0 ? text.replace('}', ' }') : text;
  const header = fill(JSON.stringify(target.header()));
  const payload = fill(JSON.stringify(target.claims()));
  return target.token({ header, payload });
}

/** All other spellings of a part that a lenient decoder reads as the same bytes. */
function nonCanonical(token: string, part: Part): string[] {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spellings: string[] = [];
  for (const character of alphabet) {
    const spelling = withPart(token, part, (encoded) => encoded.slice(0, -1) + character);
    if (spelling !== token && sameBytes(spelling, token, part)) spellings.push(spelling);
  }
  expect(spellings.length).toBeGreaterThanOrEqual(3);
  return spellings;
}

function sameBytes(one: string, other: string, part: Part): boolean {
  const bytes = (token: string) =>
    Buffer.from(token.split('.')[PARTS.indexOf(part)] ?? '', 'base64url');
  return bytes(one).equals(bytes(other));
}

/** A genuine token in which one part matches the pattern. */
function tokenWith(target: Aim, part: Part, pattern: RegExp): string {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const extra = { extra: `${'x'.repeat(attempt % 3)}\u00ff?>\u00fe~${attempt}` };
    const token = target.token({ header: target.header(extra), payload: target.claims(extra) });
    if (pattern.test(token.split('.')[PARTS.indexOf(part)] ?? '')) return token;
  }
  throw new Error(`No token matches ${String(pattern)}`);
}

/** A genuine token of exactly this length. */
function tokenOfLength(target: Aim, length: number): string {
  const encoded = (part: object, fill: number) =>
    Buffer.from(JSON.stringify({ ...part, x: 'x'.repeat(fill) })).toString('base64url');
  for (let headerFill = 0; headerFill < 4; headerFill++) {
    const header = encoded(target.header(), headerFill);
    const left = length - header.length - 2 - 342;
    for (let fill = Math.floor(left * 0.75) - 300; fill < left; fill++) {
      const payload = encoded(target.claims(), fill);
      if (payload.length === left) return signEncoded(header, payload, target.key);
      if (payload.length > left) break;
    }
  }
  throw new Error(`No token has ${length} characters`);
}
