import { describe, expect, it } from '@jest/globals';
import {
  InvalidPassportError,
  type PassportErrorCode,
  RequestExpiredError,
} from 'nestjs-lime-sites';
import { failureOf } from '../support/failure-of.js';
import { NOW } from './support/now.js';
import { useTarget } from './support/target.js';

describe('A passport with wrong claims and a genuine signature', () => {
  const target = useTarget();

  const refusalOf = (changes: object) =>
    target().refusal(target().token({ payload: target().claims(changes) }));

  it.each<[string, unknown]>([
    ['of the other kind of passport', 'lime-binding'],
    ['in a list', ['lime-site-login']],
    ['in a list with others', ['lime-site-login', 'lime-binding']],
    ['in a list twice', ['lime-site-login', 'lime-site-login']],
    ['in a list in a list', [['lime-site-login']]],
    ['as the only member of an object', { 0: 'lime-site-login', length: 1 }],
    ['as the name of a member', { 'lime-site-login': true }],
    ['in upper case', 'LIME-SITE-LOGIN'],
    ['with a blank behind it', 'lime-site-login '],
    ['with a blank before it', ' lime-site-login'],
    ['with NUL behind it', 'lime-site-login\u0000'],
    ['with a line end behind it', 'lime-site-login\n'],
    ['with a zero-width space', 'lime-\u200bsite-login'],
    ['with a Cyrillic letter', 'l\u0456me-site-login'],
    ['with another hyphen', 'lime\u2010site\u2010login'],
    ['and the other one, with a blank between', 'lime-site-login lime-binding'],
    ['and the other one, with a comma between', 'lime-site-login,lime-binding'],
    ['with something behind it', 'lime-site-login-2'],
    ['as a wildcard', '*'],
    ['that is empty', ''],
    ['that is an empty list', []],
    ['that is null', null],
    ['that is true', true],
    ['that is a number', 0],
    ['that is left out', undefined],
  ])('is refused with the audience %s', async (_, aud) => {
    expect(await refusalOf({ aud })).toBe('PASSPORT_AUDIENCE');
  });

  describe.each(['sub', 'request_id'])('with the claim %s', (claim) => {
    it.each<[string, unknown]>([
      ['that is missing', undefined],
      ['that is null', null],
      ['that is empty', ''],
      ['that is blank', '   '],
      ['that is a line end', '\r\n'],
      ['that is a no-break space', '\u00a0'],
      ['that is a byte order mark', '\ufeff'],
      ['that is a number', 7],
      ['that is zero', 0],
      ['that is true', true],
      ['that is a list', ['lr_1']],
      ['that is an object', { toString: 'lr_1' }],
    ])('is refused: %s', async (_, value) => {
      expect(await refusalOf({ [claim]: value })).toBe('PASSPORT_CLAIM');
    });
  });

  it.each(['sub', 'request_id', 'aud', 'iat', 'exp'])(
    'is refused with %s on a prototype only',
    async (claim) => {
      for (const name of ['__proto__', 'constructor', 'prototype']) {
        const own = JSON.stringify(target().claims({ [claim]: undefined }));
        const payload = own.replace('{', `{"${name}":${JSON.stringify(target().claims())},`);
        const code = await target().refusal(target().token({ payload }));
        expect(code).toBe(claim === 'aud' ? 'PASSPORT_AUDIENCE' : 'PASSPORT_CLAIM');
      }
    },
  );

  describe.each(['iat', 'exp', 'nbf'])('with the time %s', (claim) => {
    it.each<[string, string]>([
      ['as a text', `"${NOW + 1}"`],
      ['as a text with a sign', `"+${NOW}"`],
      ['as a date', `"${new Date(NOW * 1000).toISOString()}"`],
      ['as NaN in a text', '"NaN"'],
      ['as Infinity in a text', '"Infinity"'],
      ['as true', 'true'],
      ['as a list', `[${NOW}]`],
      ['as an object', `{"valueOf":${NOW}}`],
      ['as an empty text', '""'],
      ['so large that it is infinite', '1e999'],
      ['so small that it is infinite', '-1e999'],
    ])('is refused: %s', async (_, json) => {
      const changed = JSON.stringify(target().claims({ [claim]: '|' })).replace('"|"', json);
      expect(await target().refusal(target().token({ payload: changed }))).toBe('PASSPORT_CLAIM');
    });

    it.each(['NaN', 'Infinity', '-Infinity', '0x7f', '1_000', '+1', '.5', '1n', '01'])(
      'is refused without valid JSON: %s',
      async (text) => {
        const payload = JSON.stringify(target().claims({ [claim]: '|' })).replace('"|"', text);
        expect(await target().refusal(target().token({ payload }))).toBe('PASSPORT_MALFORMED');
      },
    );
  });

  it.each(['iat', 'exp'])('is refused with null as %s', async (claim) => {
    expect(await refusalOf({ [claim]: null })).toBe('PASSPORT_CLAIM');
  });

  it.each<[string, object, PassportErrorCode]>([
    ['exp 1e300', { exp: 1e300 }, 'PASSPORT_LIFETIME'],
    ['exp and iat 1e300', { iat: 1e300, exp: 1e300 }, 'PASSPORT_LIFETIME'],
    ['exp -1', { exp: -1 }, 'PASSPORT_LIFETIME'],
    ['exp 0', { exp: 0 }, 'PASSPORT_LIFETIME'],
    ['exp 0 and iat before it', { iat: -60, exp: 0 }, 'PASSPORT_EXPIRED'],
    ['exp in milliseconds', { exp: (NOW + 60) * 1000 }, 'PASSPORT_LIFETIME'],
    ['a life in milliseconds', { iat: NOW * 1000, exp: (NOW + 60) * 1000 }, 'PASSPORT_LIFETIME'],
    ['iat -1e300', { iat: -1e300 }, 'PASSPORT_LIFETIME'],
    ['iat 0', { iat: 0 }, 'PASSPORT_LIFETIME'],
    ['exp equal to iat', { exp: NOW }, 'PASSPORT_LIFETIME'],
    ['exp before iat', { exp: NOW - 1 }, 'PASSPORT_LIFETIME'],
    ['a life one second too long', { exp: NOW + 121 }, 'PASSPORT_LIFETIME'],
    ['a life a millisecond too long', { exp: NOW + 120.001 }, 'PASSPORT_LIFETIME'],
    ['numbers beyond what counts in ones', { iat: 2 ** 60, exp: 2 ** 60 + 1 }, 'PASSPORT_LIFETIME'],
    ['an end at the largest number', { exp: Number.MAX_VALUE }, 'PASSPORT_LIFETIME'],
    ['an end just behind zero', { exp: Number.MIN_VALUE }, 'PASSPORT_LIFETIME'],
    ['nbf 31 s ahead', { nbf: NOW + 31 }, 'PASSPORT_NOT_YET_VALID'],
    ['nbf 30.001 s ahead', { nbf: NOW + 30.001 }, 'PASSPORT_NOT_YET_VALID'],
    ['nbf in milliseconds', { nbf: NOW * 1000 }, 'PASSPORT_NOT_YET_VALID'],
    ['nbf far ahead', { nbf: 1e300 }, 'PASSPORT_NOT_YET_VALID'],
    ['at the end of the tolerance', { iat: NOW - 100, exp: NOW - 5 }, 'PASSPORT_EXPIRED'],
    ['the tolerance exceeded by one second', { iat: NOW - 100, exp: NOW - 6 }, 'PASSPORT_EXPIRED'],
  ])('is refused: %s', async (_, changes, code) => {
    expect(await refusalOf(changes)).toBe(code);
  });

  it.each<[string, object]>([
    ['a life of exactly 120 s', { exp: NOW + 120 }],
    ['iat a minute ahead', { iat: NOW + 61, exp: NOW + 100 }],
    ['iat a year ahead', { iat: NOW + 31_536_000, exp: NOW + 31_536_120 }],
    ['exp 4.999 s ago', { iat: NOW - 100, exp: NOW - 4.999 }],
    ['nbf now', { nbf: NOW }],
    ['nbf 30 s ahead', { nbf: NOW + 30 }],
    ['nbf behind exp', { nbf: NOW + 30, exp: NOW + 10 }],
    ['nbf at the smallest number', { nbf: -Number.MAX_VALUE }],
    ['nbf null', { nbf: null }],
  ])('is accepted at the exact limit: %s', async (_, changes) => {
    const jwt = target().token({ payload: target().claims(changes) });
    await expect(target().site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
  });

  it('keeps the levels of older platforms', async () => {
    const payload = target().claims({ user_kyc_level: '9', agent_reputation: '9e9' });
    const { claims } = await target().site.verifyPassport(target().token({ payload }));
    expect(claims).toMatchObject({ user_kyc_level: '9', agent_reputation: '9e9' });
  });
});

describe('An expired passport', () => {
  const strict = useTarget({ clockToleranceMs: 0 });
  const tolerant = useTarget({ clockToleranceMs: 60_000 });

  it('is refused from its last second on without tolerance, also when it was verified before', async () => {
    const { site, clock } = strict();
    const jwt = strict().token({ payload: strict().claims({ exp: NOW + 10 }) });
    clock.advance(9_999);
    await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    clock.advance(1);
    await failureOf(RequestExpiredError, site.verifyPassport(jwt));
    const fresh = strict().token({ payload: strict().claims({ exp: NOW + 10, sub: 'b' }) });
    await failureOf(RequestExpiredError, site.verifyPassport(fresh));
  });

  it('is refused after exactly the tolerance, also when it was verified before', async () => {
    const { site, clock } = tolerant();
    const jwt = tolerant().token({ payload: tolerant().claims({ exp: NOW + 10 }) });
    clock.advance(69_999);
    await expect(site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    clock.advance(1);
    await failureOf(RequestExpiredError, site.verifyPassport(jwt));
  });

  it('stays refused when it is presented again', async () => {
    const jwt = strict().token({ payload: strict().claims({ iat: NOW - 60, exp: NOW - 1 }) });
    for (let time = 0; time < 3; time++) {
      expect(await strict().refusal(jwt)).toBe('PASSPORT_EXPIRED');
    }
  });
});

describe('A passport with an nbf', () => {
  const strict = useTarget({ clockToleranceMs: 0 });
  const tolerant = useTarget({ clockToleranceMs: 60_000 });

  it('is accepted up to 30 s before it, with any tolerance for exp', async () => {
    for (const target of [strict(), tolerant()]) {
      const sign = (nbf: number) => target.token({ payload: target.claims({ nbf }) });
      await expect(target.site.verifyPassport(sign(NOW + 30))).resolves.toBeDefined();
      expect(await target.refusal(sign(NOW + 30.001))).toBe('PASSPORT_NOT_YET_VALID');
    }
  });
});

describe('A passport of the other kind', () => {
  const target = useTarget();

  const binding = (changes: object = {}) =>
    target().claims({ aud: 'lime-binding', binding_id: 'bd_1', request_id: undefined, ...changes });

  it('is refused as a login after it was accepted as a binding', async () => {
    const jwt = target().token({ payload: binding({ request_id: 'lr_1' }) });
    await expect(target().site.verifyBindingPassport(jwt)).resolves.toMatchObject({ valid: true });
    expect(await target().refusal(jwt)).toBe('PASSPORT_AUDIENCE');
  });

  it('is refused as a binding after it was accepted as a login', async () => {
    const jwt = target().token({ payload: target().claims({ binding_id: 'bd_1' }) });
    await expect(target().site.verifyPassport(jwt)).resolves.toMatchObject({ valid: true });
    const error = await failureOf(InvalidPassportError, target().site.verifyBindingPassport(jwt));
    expect(error.code).toBe('PASSPORT_AUDIENCE');
  });

  it.each<[string, object, PassportErrorCode]>([
    ['audience in a list', { aud: ['lime-binding'] }, 'PASSPORT_AUDIENCE'],
    ['both audiences', { aud: ['lime-binding', 'lime-site-login'] }, 'PASSPORT_AUDIENCE'],
    ['a life of 61 s', { exp: NOW + 61 }, 'PASSPORT_LIFETIME'],
    ['the life of a login', { exp: NOW + 120 }, 'PASSPORT_LIFETIME'],
    ['no binding_id', { binding_id: undefined, request_id: 'lr_1' }, 'PASSPORT_CLAIM'],
    ['binding_id null', { binding_id: null }, 'PASSPORT_CLAIM'],
    ['a blank binding_id', { binding_id: '\t' }, 'PASSPORT_CLAIM'],
    ['a binding_id that is a list', { binding_id: ['bd_1'] }, 'PASSPORT_CLAIM'],
  ])('is refused as a binding with %s', async (_, changes, code) => {
    const work = target().site.verifyBindingPassport(target().token({ payload: binding(changes) }));
    expect((await failureOf(InvalidPassportError, work)).code).toBe(code);
  });
});
