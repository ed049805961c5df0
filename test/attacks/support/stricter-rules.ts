import type { PassportErrorCode } from 'nestjs-lime-sites';
import { NOW } from './now.js';

/** The leniently decoded token, so that a rule does not depend on the code under test. */
export interface TokenFacts {
  readonly token: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A rule of the module that `jose.jwtVerify` does not have with the same options. */
export interface StricterRule {
  readonly name: string;
  readonly code: PassportErrorCode;
  /** Whether the rule refuses this token. */
  readonly explains: (facts: TokenFacts) => boolean;
  /** Changes with which a genuine passport breaks this rule alone. */
  readonly example: { header?: object; claims?: object; write?: (token: string) => string };
}

const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const lifetime = ({ claims }: TokenFacts) => Number(claims['exp']) - Number(claims['iat']);
const isCanonical = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part;

/** All rules. `docs/security.md` has the same list. */
export const STRICTER_RULES: readonly StricterRule[] = [
  {
    name: 'canonical base64url: no white space, no padding, no bits to spare',
    code: 'PASSPORT_MALFORMED',
    explains: ({ token }) => !token.split('.').every(isCanonical),
    example: { write: (token) => `${token}==` },
  },
  {
    name: 'at most 8 KiB',
    code: 'PASSPORT_MALFORMED',
    explains: ({ token }) => token.length > 8 * 1024,
    example: { claims: { extra: 'x'.repeat(8 * 1024) } },
  },
  {
    name: 'a kid that is a non-empty text',
    code: 'PASSPORT_MALFORMED',
    explains: ({ header }) => typeof header['kid'] !== 'string' || header['kid'] === '',
    example: { header: { kid: undefined } },
  },
  {
    name: 'no extensions (crit), not even those that are understood',
    code: 'PASSPORT_ALGORITHM',
    explains: ({ header }) => header['crit'] !== undefined,
    example: { header: { crit: ['b64'], b64: true } },
  },
  {
    name: 'the audience as one text, not in a list',
    code: 'PASSPORT_AUDIENCE',
    explains: ({ claims }) => Array.isArray(claims['aud']),
    example: { claims: { aud: ['lime-site-login'] } },
  },
  {
    name: 'a sub and a request_id that are non-blank texts',
    code: 'PASSPORT_CLAIM',
    explains: ({ claims }) => !isText(claims['sub']) || !isText(claims['request_id']),
    example: { claims: { sub: 7 } },
  },
  {
    name: 'dates that are finite numbers',
    code: 'PASSPORT_CLAIM',
    explains: ({ claims }) =>
      ['iat', 'exp', 'nbf'].some((name) => claims[name] === Infinity || claims[name] === -Infinity),
    example: { claims: { exp: Infinity } },
  },
  {
    name: 'a life (exp − iat) of more than 0 s and at most 120 s',
    code: 'PASSPORT_LIFETIME',
    explains: (facts) => !(lifetime(facts) > 0 && lifetime(facts) <= 120),
    example: { claims: { exp: NOW + 121 } },
  },
];
