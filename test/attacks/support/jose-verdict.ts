import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { PassportErrorCode } from 'nestjs-lime-sites';
import { STRICTER_RULES, type TokenFacts } from './stricter-rules.js';

/** As our own rules, as far as jose has them. */
const OPTIONS = {
  algorithms: ['RS256'],
  audience: 'lime-site-login',
  clockTolerance: 5,
  requiredClaims: ['sub', 'request_id', 'iat', 'exp'],
};

/**
 * What jose, the reference, reads in a passport.
 * @param now milliseconds since the epoch.
 * @returns the claims; `undefined` if it refuses the passport.
 */
export async function readByJose(
  token: string,
  keys: JSONWebKeySet,
  now: number,
): Promise<Record<string, unknown> | undefined> {
  const options = { ...OPTIONS, currentDate: new Date(now) };
  return jwtVerify(token, createLocalJWKSet(keys), options).then(
    ({ payload }) => payload,
    () => undefined,
  );
}

/** @throws if there is no rule on the list by which we refuse what jose accepts. */
export function assertExplained(token: string, code: PassportErrorCode): void {
  const facts = factsOf(token);
  if (STRICTER_RULES.some((one) => one.code === code && one.explains(facts))) return;
  throw new Error(`No rule explains ${code}, which jose accepts: ${show(token)}`);
}

/** Reads a token that jose accepted. */
export function factsOf(token: string): TokenFacts {
  const [header, claims] = token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString());
  return {
    token,
    header: JSON.parse(header ?? '') as TokenFacts['header'],
    claims: JSON.parse((claims ?? '').replace(/^\ufeff/, '')) as TokenFacts['claims'],
  };
}

/** Which token it was: of a forged one nothing is secret. */
export function show(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  const read = (part: string) => Buffer.from(part, 'base64url').toString();
  return JSON.stringify({ token, header: read(header), payload: read(payload) });
}
