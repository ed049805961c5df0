import type { JWTPayload } from 'jose';
import { InvalidPassportError, RequestExpiredError } from '../errors/index.js';

/** The rules in which the kinds of token differ (LIME). */
export interface TokenKind {
  readonly kind: 'login' | 'binding' | 'mcp';
  /** For messages. */
  readonly name: string;
  readonly audience: string;
  /** Longest `exp - iat`, in seconds. */
  readonly maxLifetimeSeconds: number;
  /** The claim that ties the token to a request of this site, or to this server. */
  readonly idClaim: 'request_id' | 'binding_id' | 'domain';
  /** Claims that it must have beside those of every kind. */
  readonly required?: readonly string[];
  /** Claims that only other kinds have. */
  readonly forbidden?: readonly string[];
}

export const LOGIN_PASSPORT: TokenKind = {
  kind: 'login',
  name: 'login passport',
  audience: 'lime-site-login',
  maxLifetimeSeconds: 120,
  idClaim: 'request_id',
};

export const BINDING_PASSPORT: TokenKind = {
  kind: 'binding',
  name: 'binding passport',
  audience: 'lime-binding',
  maxLifetimeSeconds: 60,
  idClaim: 'binding_id',
};

export const MCP_TOKEN: TokenKind = {
  kind: 'mcp',
  name: 'MCP access token',
  audience: 'mcp',
  maxLifetimeSeconds: 3_600,
  idClaim: 'domain',
  required: ['jti'],
  forbidden: ['user_id', 'request_id', 'passport_version'],
};

/** `nbf` may lie this far ahead (LIME, since September 2026). */
const MAX_NBF_AHEAD_SECONDS = 30;
/** Scheme, host and port; after them at most a slash. A query or a fragment is ignored, as LIME's own SDK does. */
const ORIGIN = /^(https?):\/\/([\w.-]+|\[[\da-f:.]+\])(:\d+)?\/?(?:[?#].*)?$/is;

export interface PassportRulesOptions {
  /** Tolerance for `exp`, in milliseconds, because clocks differ. */
  clockToleranceMs: number;
  /** The origins that `iss` may name; `false` accepts any `iss`, or none. */
  issuers: readonly string[] | false;
}

/** Checks signed claims by LIME's rules. */
export class PassportRules {
  readonly #toleranceSeconds: number;
  readonly #issuers: readonly unknown[] | false;

  constructor({ clockToleranceMs, issuers }: PassportRulesOptions) {
    this.#toleranceSeconds = clockToleranceMs / 1000;
    this.#issuers = issuers;
  }

  /**
   * @param now milliseconds since the epoch.
   * @param expectedId the value that the kind's id claim must have; without it any value is accepted.
   * @throws {InvalidPassportError} for the first broken rule, with `expected` and `actual`.
   */
  check(claims: JWTPayload, kind: TokenKind, now: number, expectedId?: string): void {
    checkAudience(claims.aud, kind);
    this.#checkIssuer(claims.iss, kind);
    checkString(claims, 'sub');
    checkString(claims, kind.idClaim);
    kind.required?.forEach((claim) => checkString(claims, claim));
    kind.forbidden?.forEach((claim) => checkAbsent(claims, claim, kind));
    this.#checkTimes(claims, kind, now / 1000);
    checkId(claims[kind.idClaim], kind, expectedId);
  }

  #checkIssuer(actual: unknown, { name }: TokenKind): void {
    const issuers = this.#issuers;
    if (!issuers || issuers.includes(actual) || issuers.includes(issuerOf(actual))) return;
    const expected = issuers.join(' or ');
    throw new InvalidPassportError(
      'PASSPORT_ISSUER',
      `the issuer of the ${name} must be ${expected} (option issuer)`,
      { expected, actual: actual ?? 'nothing' },
    );
  }

  #checkTimes(claims: JWTPayload, { name, maxLifetimeSeconds }: TokenKind, now: number): void {
    const iat = numberIn(claims, 'iat');
    const exp = numberIn(claims, 'exp');
    if (exp <= iat || exp - iat > maxLifetimeSeconds) {
      throw new InvalidPassportError(
        'PASSPORT_LIFETIME',
        `the lifetime (exp - iat) of the ${name} must be positive and at most ${maxLifetimeSeconds} s`,
        { expected: maxLifetimeSeconds, actual: exp - iat },
      );
    }
    if (now >= exp + this.#toleranceSeconds) {
      throw new RequestExpiredError(`the ${name} has expired`, { expected: now, actual: exp });
    }
    // RFC 7519 section 4.1.5. `iat` may lie ahead: LIME limits the lifetime only.
    if ((claims.nbf ?? undefined) === undefined) return;
    const nbf = numberIn(claims, 'nbf');
    if (nbf <= now + MAX_NBF_AHEAD_SECONDS) return;
    throw new InvalidPassportError(
      'PASSPORT_NOT_YET_VALID',
      `the nbf of the ${name} is more than ${MAX_NBF_AHEAD_SECONDS} s ahead; check this server's clock`,
      { expected: now, actual: nbf },
    );
  }
}

/**
 * Reads the origin that an `iss` names (RFC 7519 section 4.1.1; LIME, since September 2026): lower case, without default port
 * and surrounding white space. Not with a URL parser, which reads `127.1` or `lime%2Epics` as other hosts.
 * @returns `undefined` for anything else: a path, a user part, another scheme, not a string.
 */
export function issuerOf(value: unknown): string | undefined {
  const parts = typeof value === 'string' ? ORIGIN.exec(value.trim()) : null;
  if (!parts) return undefined;
  const [scheme = '', host = '', port = ''] = parts.slice(1).map((part) => part?.toLowerCase());
  const isDefaultPort = port === (scheme === 'https' ? ':443' : ':80');
  return `${scheme}://${host}${isDefaultPort ? '' : port}`;
}

/** Exactly the one string: a list, even of one, would let a token serve several purposes. */
function checkAudience(actual: unknown, { audience, name }: TokenKind): void {
  if (actual === audience) return;
  throw new InvalidPassportError(
    'PASSPORT_AUDIENCE',
    `the audience of the ${name} must be ${audience}`,
    { expected: audience, actual },
  );
}

function checkId(
  actual: unknown,
  { name, idClaim }: TokenKind,
  expectedId: string | undefined,
): void {
  if (expectedId === undefined || actual === expectedId) return;
  throw new InvalidPassportError(
    idClaim === 'domain' ? 'PASSPORT_DOMAIN' : 'PASSPORT_REQUEST_MISMATCH',
    `the ${idClaim} of the ${name} is not the expected one`,
    { expected: expectedId, actual },
  );
}

function checkString(claims: JWTPayload, claim: string): void {
  const actual = claims[claim];
  if (typeof actual !== 'string' || actual.trim() === '') {
    throw badClaim(claim, 'a non-empty string', actual);
  }
}

function checkAbsent(claims: JWTPayload, claim: string, { name }: TokenKind): void {
  if (Object.hasOwn(claims, claim)) throw badClaim(claim, `absent in the ${name}`, claims[claim]);
}

function numberIn(claims: JWTPayload, claim: 'iat' | 'exp' | 'nbf'): number {
  const actual: unknown = claims[claim];
  if (typeof actual === 'number' && Number.isFinite(actual)) return actual;
  throw badClaim(claim, 'a number', actual);
}

function badClaim(claim: string, expected: string, actual: unknown): InvalidPassportError {
  return new InvalidPassportError('PASSPORT_CLAIM', `the claim ${claim} must be ${expected}`, {
    expected,
    actual: actual ?? 'nothing',
  });
}
