import { RecentMap } from '../common/recent-map.js';
import type { RememberedClaims } from './remembered-claims.js';
import type { SigningKey } from './signing-key.js';

/** About 2 KiB each, and up to twice as many. */
const REMEMBERED = 5_000;
/** So many characters at the end of a signature tell passports apart: 256 bits that nobody can choose. */
const NAME_LENGTH = 43;

interface Entry {
  readonly token: string;
  readonly kid: string;
  readonly modulus: string;
  readonly claims: RememberedClaims;
}

/**
 * Passports whose signature has been checked, so that a passport that comes with every request is checked once. Who asks
 * still has to check the times and the claims: only the signature never changes.
 * They are kept under the end of their signature and then compared whole, because to hash a whole passport costs more
 * than everything else that has to be done when one comes again.
 */
export class VerifiedPassports {
  readonly #entries = new RecentMap<Entry>(REMEMBERED);
  readonly #keyOf: (kid: string) => SigningKey | undefined;

  /** @param keyOf the key that stands behind a `kid` now: a passport is forgotten with its key. */
  constructor(keyOf: (kid: string) => SigningKey | undefined) {
    this.#keyOf = keyOf;
  }

  /** @returns the claims of a passport that was remembered, if its key is still the same. */
  find(token: string): RememberedClaims | undefined {
    const entry = this.#entries.get(nameOf(token));
    if (entry?.token !== token) return undefined;
    if (this.#keyOf(entry.kid)?.modulus === entry.modulus) return entry.claims;
    this.forget(token);
    return undefined;
  }

  remember(token: string, { kid, modulus }: SigningKey, claims: RememberedClaims): void {
    this.#entries.set(nameOf(token), { token, kid, modulus, claims });
  }

  forget(token: string): void {
    this.#entries.delete(nameOf(token));
  }
}

function nameOf(token: string): string {
  return token.slice(-NAME_LENGTH);
}
