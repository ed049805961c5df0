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

/** As our own rules, as far as jose has them. */
const OPTIONS = {
  algorithms: ['RS256'],
  audience: 'lime-site-login',
  requiredClaims: ['sub', 'request_id', 'iat', 'exp'],
};
const EXP_TOLERANCE_SECONDS = 5;
const NBF_TOLERANCE_SECONDS = 30;
/** A passport that names its `nbf` within LIME's tolerance is valid by then. */
const LATER_SECONDS = 100;

/** The platform that a passport has to be of. */
export interface JosePlatform {
  keys: JSONWebKeySet;
  /** What `iss` has to name. */
  origin: string;
}

/**
 * What jose, the reference, reads in a passport. It has one tolerance for `nbf` and `exp`, where LIME has two, so it is asked
 * twice: now, with that of `nbf`; and at a later time, with a tolerance by which `exp` is judged as it is now.
 * @param now milliseconds since the epoch.
 * @returns the claims; `undefined` if it refuses the passport.
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

/** LIME overlooks an `nbf` that is null, so jose is asked about the other claims once it has checked the signature. */
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

/** The issuers for jose, which compares texts: the origin, and the way in which the token spells it. */
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

/** @throws if there is no rule on the list by which we refuse what jose accepts. */
export function assertExplained(token: string, code: PassportErrorCode): void {
  const facts = factsOf(token);
  if (STRICTER_RULES.some((one) => one.code === code && one.explains(facts))) return;
  throw new Error(`No rule explains ${code}, which jose accepts: ${show(token)}`);
}

/** Reads a token, whether its signature is good or not. */
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
