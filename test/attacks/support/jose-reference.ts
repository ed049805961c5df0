import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  UnsecuredJWT,
} from 'jose';
import type { PassportErrorCode } from 'nestjs-lime-sites';
import { STRICTER_RULES, type TokenFacts } from './stricter-rules.js';

/** The module's own rules, as far as jose has them. */
const OPTIONS = {
  algorithms: ['RS256'],
  audience: 'lime-site-login',
  requiredClaims: ['sub', 'request_id', 'iat', 'exp'],
};
const EXP_TOLERANCE_SECONDS = 5;
const NBF_TOLERANCE_SECONDS = 30;
/** A passport with an `nbf` within LIME's tolerance is valid by then. */
const LATER_SECONDS = 100;

/** The expected platform of a passport. */
export interface JosePlatform {
  keys: JSONWebKeySet;
  /** The expected `iss`. */
  origin: string;
}

/**
 * Verifies a passport with jose, the reference. jose has one tolerance for `nbf` and `exp`, and LIME has two, so this runs jose
 * twice: now, with the tolerance of `nbf`; and at a later time, with a tolerance under which `exp` has the result of now.
 * @param now milliseconds since the epoch.
 * @returns the claims; `undefined` if jose refuses the passport.
 */
export async function readByJose(
  token: string,
  { keys, origin }: JosePlatform,
  now: number,
): Promise<JWTPayload | undefined> {
  const keySet = createLocalJWKSet(keys);
  const options = { ...OPTIONS, issuer: spellingsIn(token, origin) };
  const valid = await readAt(token, keySet, {
    ...options,
    currentDate: new Date(now),
    clockTolerance: NBF_TOLERANCE_SECONDS,
  });
  if (!valid) return undefined;
  return readAt(token, keySet, {
    ...options,
    currentDate: new Date(now + LATER_SECONDS * 1000),
    clockTolerance: LATER_SECONDS + EXP_TOLERANCE_SECONDS,
  });
}

/** LIME ignores an `nbf` that is null, so jose checks the signature first and then the other claims. */
async function readAt(
  token: string,
  keySet: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, keySet, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWTClaimValidationFailed) || error.payload.nbf !== null) {
      return undefined;
    }
    const { nbf: _, ...claims } = error.payload;
    return readUnsigned(claims, options);
  }
}

function readUnsigned(claims: JWTPayload, options: JWTVerifyOptions): JWTPayload | undefined {
  try {
    return UnsecuredJWT.decode(new UnsecuredJWT(claims).encode(), options).payload;
  } catch {
    return undefined;
  }
}

/** The issuers for jose, which compares strings: the origin, and the token's own spelling of it. */
function spellingsIn(token: string, origin: string): string[] {
  const iss = issuerIn(token);
  const [named = ''] = iss.trim().toLowerCase().split(/[?#]/);
  return named === origin || named === `${origin}/` ? [origin, iss] : [origin];
}

function issuerIn(token: string): string {
  try {
    const { iss } = factsOf(token).claims;
    return typeof iss === 'string' ? iss : '';
  } catch {
    return '';
  }
}

/** @throws if the module refuses a passport that jose accepts, without a listed rule. */
export function assertExplained(token: string, code: PassportErrorCode): void {
  const facts = factsOf(token);
  if (STRICTER_RULES.some((one) => one.code === code && one.explains(facts))) return;
  throw new Error(`No rule explains ${code}, which jose accepts: ${show(token)}`);
}

/** Decodes a token without a check of its signature. */
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

/** The whole token for a message. A forged token is not a secret. */
export function show(token: string): string {
  const [header = '', payload = ''] = token.split('.');
  const read = (part: string) => Buffer.from(part, 'base64url').toString();
  return JSON.stringify({ token, header: read(header), payload: read(payload) });
}
