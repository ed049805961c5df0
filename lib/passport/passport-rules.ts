import type { JWTPayload } from 'jose';
import { InvalidPassportError, RequestExpiredError } from '../errors/index.js';
import type { PassportKind } from './passport-kind.js';

/** A fresh passport may be dated this far ahead; further ahead it is no fresh passport. */
const MAX_AHEAD_SECONDS = 60;

/** LIME's rules for what a passport says. */
export class PassportRules {
  readonly #toleranceSeconds: number;

  /** @param clockToleranceMs how long an expired passport is still good for, because clocks differ. */
  constructor(clockToleranceMs: number) {
    this.#toleranceSeconds = clockToleranceMs / 1000;
  }

  /**
   * Checks the claims of a passport whose signature is good.
   * @param now milliseconds since the epoch.
   * @throws {InvalidPassportError} naming the rule, with what was expected and what came.
   */
  assert(claims: JWTPayload, kind: PassportKind, now: number): void {
    assertAudience(claims.aud, kind);
    assertText(claims, 'sub');
    assertText(claims, kind.idClaim);
    this.#assertTimes(claims, kind, now / 1000);
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
    if (iat > now + MAX_AHEAD_SECONDS) throw notYetValid('iat', iat, now);
    // LIME sets no `nbf`; if one is there it counts (RFC 7519 section 4.1.5).
    if (claims.nbf === undefined) return;
    const nbf = numberOf(claims, 'nbf');
    if (nbf > now + this.#toleranceSeconds) throw notYetValid('nbf', nbf, now);
  }
}

function notYetValid(claim: 'iat' | 'nbf', actual: number, now: number): InvalidPassportError {
  return new InvalidPassportError(
    'PASSPORT_NOT_YET_VALID',
    `the ${claim} of the passport lies too far ahead; check this server's clock`,
    { expected: now, actual },
  );
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
