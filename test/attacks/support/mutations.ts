import fc from 'fast-check';
import { encodePart, type Part, signEncoded, withPart } from './raw-jws.js';
import { NOW } from './now.js';
import type { Target } from './target.js';

/** Makes a token from a genuine one, with values of fast-check. */
export type Mutation = (target: Target) => string;

const LEFT_OUT = Symbol('left out');

/** All kinds of wrong values of a claim. */
const oddValue = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<unknown>(LEFT_OUT, null, '', ' ', 0, -1, true, [], {}) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(1e300, -1e300, Infinity, -Infinity, 2 ** 53) },
);

const nearNow = fc.oneof(
  fc.integer({ min: -130, max: 130 }).map((seconds) => NOW + seconds),
  fc
    .constantFrom(-121, -120, -6, -5, -4.5, -1, 0, 1, 5, 5.5, 6, 60, 60.5, 61, 120, 121)
    .map((s) => NOW + s),
  fc.integer({ min: -10, max: 130 }).map((seconds) => String(NOW + seconds)),
);
const notBefore = fc.oneof(
  nearNow,
  fc.constantFrom(-1, 0, 29, 29.999, 30, 30.001, 31).map((seconds) => NOW + seconds),
  fc.constant(null),
  fc.constantFrom<unknown>(LEFT_OUT, '', true, [NOW]),
);

/** Spells the issuer of a platform in another way, or names another one. */
type IssuerChange = (origin: string) => unknown;

/** The spellings of an issuer that LIME accepts. */
const spelling = fc.record({
  around: fc.constantFrom('', ' ', '\t', '\n', '\u00a0'),
  upperCase: fc.boolean(),
  slash: fc.constantFrom('', '/'),
  end: fc.constantFrom('', '?', '?a=/b', '#', '#c', '?a#c'),
});
const otherIssuer = fc.constantFrom<(origin: string) => string>(
  (origin) => origin.replace('//', '//lime@'),
  (origin) => origin.replace('//', '//lime:pics@'),
  (origin) => origin.replace('//', '//@'),
  (origin) => origin.replace('//', ''),
  (origin) => origin.replace('http:', ''),
  (origin) => origin.replace('http:', 'https:'),
  (origin) => origin.replace(/:\d+$/, ''),
  (origin) => origin.slice(0, -1),
  (origin) => `${origin}0`,
  (origin) => `${origin}:80`,
  (origin) => `${origin}.example`,
  (origin) => `${origin}/`.replace(/:\d+/, ''),
  (origin) => `${origin}/api/v1`,
  (origin) => `${origin}/.`,
  (origin) => `${origin}//`,
  (origin) => `${origin}\\`,
  (origin) => `${origin} `,
);
const sameIssuer = fc.constant((origin: string) => origin);
const issuerText: fc.Arbitrary<IssuerChange> = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: sameIssuer }, { weight: 1, arbitrary: otherIssuer }),
    spelling,
  )
  .map(([issuer, { around, upperCase, slash, end }]) => (origin: string) => {
    const text = `${issuer(origin)}${slash}${end}`;
    return around + (upperCase ? text.toUpperCase() : text) + around;
  });
const oddIssuer: fc.Arbitrary<IssuerChange> = fc.oneof(
  fc.constantFrom<IssuerChange>(
    (origin) => [origin],
    (origin) => ({ [origin]: true }),
    () => 'https://lime.pics',
    () => '*',
  ),
  oddValue.map((value) => () => value),
);
const issuerChanges = fc.oneof(
  { weight: 3, arbitrary: issuerText },
  { weight: 1, arbitrary: oddIssuer },
);
const audience = fc.constantFrom<unknown>(
  'lime-site-login',
  'lime-binding',
  'LIME-SITE-LOGIN',
  'lime-site-login ',
  ['lime-site-login'],
  ['lime-binding', 'lime-site-login'],
  [['lime-site-login']],
);

const claimChanges = fc.dictionary(
  fc.constantFrom('iss', 'sub', 'aud', 'request_id', 'iat', 'exp', 'nbf', 'user_id', '__proto__'),
  oddValue,
  { maxKeys: 2 },
);
const dateChanges = fc.record({ iat: nearNow, exp: nearNow, nbf: notBefore }, { requiredKeys: [] });
const notBeforeChanges = fc.record({ nbf: notBefore });
const audienceChanges = fc.record({ aud: audience }, { requiredKeys: [] });
/** One passport in this number gets the changes. */
const oneIn = <Changes>(count: number, arbitrary: fc.Arbitrary<Changes>) =>
  fc.oneof({ weight: 1, arbitrary }, { weight: count - 1, arbitrary: fc.constant(undefined) });
const claims = fc
  .tuple(
    oneIn(3, claimChanges),
    fc.oneof(dateChanges, notBeforeChanges, fc.constant({}), fc.constant({})),
    oneIn(4, audienceChanges),
    oneIn(4, issuerChanges),
  )
  .map(([claim, dates, aud, issuer]) => (origin: string): object => ({
    ...claim,
    ...dates,
    ...aud,
    ...(issuer && { iss: issuer(origin) }),
  }));

const headerChanges = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        alg: fc.constantFrom<unknown>('none', 'HS256', 'RS384', 'PS256', 'rs256', LEFT_OUT, [
          'RS256',
        ]),
        kid: fc.oneof(fc.constantFrom<unknown>('__proto__', '', '../kid'), oddValue),
        crit: fc.constantFrom<unknown>(['b64'], [], null, ['exp'], 'b64'),
        b64: fc.boolean(),
        typ: fc.constantFrom<unknown>('at+jwt', 'JWE', 7, LEFT_OUT),
        jwk: fc.constant({ kty: 'oct', k: 'AAAA' }),
        jku: fc.constant('http://127.0.0.1:1/'),
      },
      { requiredKeys: [] },
    ),
  },
);

/** JSON text with a number that is too large in place of infinity. */
function toJson(members: object): string {
  const text = JSON.stringify(members, (_, value: unknown) =>
    value === Infinity ? '+1e999' : value === -Infinity ? '-1e999' : value,
  );
  return text.replaceAll('"+1e999"', '1e999').replaceAll('"-1e999"', '-1e999');
}

/** Makes `__proto__` an own member, as `JSON.parse` does. */
function changed(members: object, changes: object): object {
  const result = new Map<string, unknown>([...Object.entries(members), ...Object.entries(changes)]);
  const kept = [...result].filter(([, value]) => value !== LEFT_OUT);
  return Object.fromEntries(kept);
}

const noise = fc.string({
  unit: fc.constantFrom(...Array.from(' \t\n=+/-_.,AZaz09%é\u200b\u0000')),
  maxLength: 4,
});
const part = fc.constantFrom<Part>('header', 'payload', 'signature');
/** A position in a text, as a fraction of its length. */
const place = fc.double({ min: 0, max: 1, noNaN: true });
const indexIn = (text: { length: number }, share: number) =>
  Math.min(text.length - 1, Math.floor(share * text.length));

/** Changes claims, and signs with the platform's own key. */
const signed: fc.Arbitrary<Mutation> = fc
  .tuple(headerChanges, claims)
  .map(([header, payload]) => (target: Target) => {
    const changes = payload(target.platform.origin);
    const parts = [changed(target.header(), header), changed(target.claims(), changes)] as const;
    return signEncoded(encodePart(toJson(parts[0])), encodePart(toJson(parts[1])), target.key);
  });

/** Changes bytes of the payload's JSON, then signs. */
const signedNoise: fc.Arbitrary<Mutation> = fc
  .tuple(place, fc.nat({ max: 3 }), fc.uint8Array({ maxLength: 3 }))
  .map(([at, removed, inserted]) => (target: Target) => {
    const bytes = Buffer.from(JSON.stringify(target.claims()));
    const index = indexIn(bytes, at);
    const behind = bytes.subarray(index + removed);
    const payload = Buffer.concat([bytes.subarray(0, index), inserted, behind]);
    return signEncoded(encodePart(target.header()), encodePart(payload), target.key);
  });

/** Changes encoded parts, then signs them. */
const signedSpelling: fc.Arbitrary<Mutation> = fc
  .tuple(fc.constantFrom('header', 'payload'), place, noise)
  .map(([which, at, text]) => (target: Target) => {
    const parts = { header: encodePart(target.header()), payload: encodePart(target.claims()) };
    const encoded = which === 'header' ? parts.header : parts.payload;
    const index = at > 0.8 ? encoded.length : indexIn(encoded, at);
    const bent = encoded.slice(0, index) + text + encoded.slice(index);
    return which === 'header'
      ? signEncoded(bent, parts.payload, target.key)
      : signEncoded(parts.header, bent, target.key);
  });

/** Changes one bit of one part. */
const flippedBit: fc.Arbitrary<Mutation> = fc.tuple(part, place, fc.nat({ max: 7 })).map(
  ([which, at, bit]) =>
    (target: Target) =>
      withPart(target.token(), which, (encoded) => {
        const bytes = Buffer.from(encoded, 'base64url');
        const index = indexIn(bytes, at);
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        return bytes.toString('base64url');
      }),
);

/** Changes, inserts or removes characters of the finished token. */
const rewritten: fc.Arbitrary<Mutation> = fc.tuple(part, place, fc.nat({ max: 2 }), noise).map(
  ([which, at, removed, text]) =>
    (target: Target) =>
      withPart(target.token(), which, (encoded) => {
        const index = at > 0.8 ? encoded.length : indexIn(encoded, at);
        return encoded.slice(0, index) + text + encoded.slice(index + removed);
      }),
);

/** Joins the parts in another way. */
const restructured: fc.Arbitrary<Mutation> = fc
  .array(fc.constantFrom('h', 'p', 's', '.', '.', 'A', ''), { minLength: 1, maxLength: 8 })
  .map((pieces) => (target: Target) => {
    const [h = '', p = '', s = ''] = target.token().split('.');
    const known: Record<string, string> = { h, p, s };
    return pieces.map((piece) => known[piece] ?? piece).join('');
  });

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 8, arbitrary: signed },
  { weight: 3, arbitrary: signedNoise },
  { weight: 2, arbitrary: signedSpelling },
  { weight: 2, arbitrary: flippedBit },
  { weight: 3, arbitrary: rewritten },
  { weight: 1, arbitrary: restructured },
);

export { changed, toJson };
