import type { JWTPayload } from 'jose';
import { InvalidPassportError, RequestExpiredError } from '../errors/index.js';
import { issuerOf } from './issuer.js';
import type { PassportKind } from './passport-kind.js';

/** `nbf` may lie this far ahead (LIME, since September 2026). */
const MAX_NBF_AHEAD_SECONDS = 30;

export interface PassportRulesOptions {
  /** How long an expired passport is still accepted, in milliseconds, because clocks differ. */
  clockToleranceMs: number;
  /** The origins that `iss` may name; `false` to accept any `iss` or none. */
  issuers: readonly string[] | false;
}

/** LIME's rules for the claims of a passport. */
export class PassportRules {
  readonly #toleranceSeconds: number;
  readonly #issuers: ReadonlySet<unknown> | undefined;

  constructor({ clockToleranceMs, issuers }: PassportRulesOptions) {
    this.#toleranceSeconds = clockToleranceMs / 1000;
    this.#issuers = issuers ? new Set(issuers) : undefined;
  }

  /**
   * Checks the claims of a passport whose signature is good.
   * @param now milliseconds since the epoch.
   * @throws {InvalidPassportError} naming the rule, with what was expected and what came.
   */
  assert(claims: JWTPayload, kind: PassportKind, now: number): void {
    assertAudience(claims.aud, kind);
    this.#assertIssuer(claims.iss);
    assertText(claims, 'sub');
    assertText(claims, kind.idClaim);
    this.#assertTimes(claims, kind, now / 1000);
  }

  #assertIssuer(actual: unknown): void {
    const issuers = this.#issuers;
    if (!issuers || issuers.has(actual) || issuers.has(issuerOf(actual))) return;
    const expected = [...issuers].join(' or ');
    throw new InvalidPassportError(
      'PASSPORT_ISSUER',
      `the issuer of the passport must be ${expected} (option issuer)`,
      { expected, actual: actual ?? 'nothing' },
    );
  }

  #assertTimes(claims: JWTPayload, kind: PassportKind, now: number): void {
    const iat = numberOf(claims, 'iat');
    const exp = numberOf(claims, 'exp');
    if (exp <= iat || exp - iat > kind.maxLifetimeSeconds) {
      throw new InvalidPassportError(
        'PASSPORT_LIFETIME',
        `a ${kind.name} passport lives for at most ${kind.maxLifetimeSeconds} s`,
        { expected: kind.maxLifetimeSeconds, actual: exp - iat },
      );
    }
    if (now >= exp + this.#toleranceSeconds) {
      throw new RequestExpiredError('the passport has expired', { expected: now, actual: exp });
    }
    // RFC 7519 section 4.1.5. `iat` may lie ahead: LIME measures the lifetime only.
    if ((claims.nbf ?? undefined) === undefined) return;
    const nbf = numberOf(claims, 'nbf');
    if (nbf <= now + MAX_NBF_AHEAD_SECONDS) return;
    throw new InvalidPassportError(
      'PASSPORT_NOT_YET_VALID',
      "the nbf of the passport lies too far ahead; check this server's clock",
      { expected: now, actual: nbf },
    );
  }
}

/** Exactly the one string: an array, even of one, would let a token stand for several purposes. */
function assertAudience(actual: unknown, { audience, name }: PassportKind): void {
  if (actual === audience) return;
  throw new InvalidPassportError(
    'PASSPORT_AUDIENCE',
    `a ${name} passport must have the audience ${audience}`,
    { expected: audience, actual },
  );
}

function assertText(claims: JWTPayload, claim: string): void {
  const actual = claims[claim];
  if (typeof actual === 'string' && actual.trim() !== '') return;
  throw new InvalidPassportError('PASSPORT_CLAIM', `the claim ${claim} must be a non-empty text`, {
    expected: 'a non-empty text',
    actual: actual ?? 'nothing',
  });
}

function numberOf(claims: JWTPayload, claim: 'iat' | 'exp' | 'nbf'): number {
  const actual: unknown = claims[claim];
  if (typeof actual === 'number' && Number.isFinite(actual)) return actual;
  throw new InvalidPassportError('PASSPORT_CLAIM', `the claim ${claim} must be a number`, {
    expected: 'a number',
    actual: actual ?? 'nothing',
  });
}
