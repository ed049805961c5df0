import { InvalidPassportError, RequestExpiredError } from '../errors/index.js';
import type { Clock } from '../common/clock.js';
import { type CompactJws, parseCompactJws } from './compact-jws.js';
import { HeaderReader } from './header-reader.js';
import type { JwksSource } from './jwks-source.js';
import type { CommonPassportClaims } from '../interfaces/passport-claims.interface.js';
import type { PassportKind } from './passport-kind.js';
import { PassportRules, type PassportRulesOptions } from './passport-rules.js';
import { RememberedClaims } from './remembered-claims.js';
import { readSigned } from './signed-claims.js';
import { VerifiedPassports } from './verified-passports.js';

export interface PassportVerifierOptions extends PassportRulesOptions {
  keys: JwksSource;
  clock: Clock;
}

/** Verifies passports: form, algorithm, key, signature, claims. */
export class PassportVerifier {
  readonly #keys: JwksSource;
  readonly #clock: Clock;
  readonly #headers = new HeaderReader();
  readonly #rules: PassportRules;
  readonly #verified: VerifiedPassports;

  constructor(options: PassportVerifierOptions) {
    const { keys, clock } = options;
    this.#keys = keys;
    this.#clock = clock;
    this.#rules = new PassportRules(options);
    this.#verified = new VerifiedPassports((kid) => keys.peek(kid));
  }

  /**
   * @param expectedId what the kind's id claim has to be; left out, any will do, also one of another site's login.
   * @throws {InvalidPassportError} the passport breaks a rule; `RequestExpiredError` when its time is over.
   * @throws {LimeError} `KEYS_UNAVAILABLE` when nobody can tell at the moment.
   */
  async verify<Claims extends CommonPassportClaims>(
    jwt: unknown,
    kind: PassportKind,
    expectedId?: string,
  ): Promise<Claims> {
    const claims = this.#remembered(jwt) ?? (await this.#readSigned(parseCompactJws(jwt)));
    const { original } = claims;
    try {
      this.#rules.assert(original, kind, this.#clock.now());
    } catch (error) {
      if (error instanceof RequestExpiredError) this.#verified.forget(String(jwt));
      throw error;
    }
    assertId(original[kind.idClaim], kind, expectedId);
    return claims.copy() as Claims;
  }

  /** What was remembered is written as it should be, so its form needs no second look. */
  #remembered(jwt: unknown): RememberedClaims | undefined {
    return typeof jwt === 'string' ? this.#verified.find(jwt) : undefined;
  }

  async #readSigned(jws: CompactJws): Promise<RememberedClaims> {
    const key = await this.#keys.key(this.#headers.keyId(jws.header));
    const claims = new RememberedClaims(readSigned(jws, key));
    this.#verified.remember(jws.token, key, claims);
    return claims;
  }
}

function assertId(
  actual: unknown,
  { name, idClaim }: PassportKind,
  expectedId: string | undefined,
): void {
  if (expectedId === undefined || actual === expectedId) return;
  throw new InvalidPassportError(
    'PASSPORT_REQUEST_MISMATCH',
    `the ${idClaim} of the ${name} passport is not the expected one`,
    { expected: expectedId, actual },
  );
}
