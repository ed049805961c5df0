import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { SigningKey } from './signing-key.js';

/** About 1 KiB each. */
const MAX_REMEMBERED = 10_000;

interface Entry {
  readonly kid: string;
  readonly modulus: string;
  readonly claims: JWTPayload;
}

/**
 * Passports whose signature has been checked, by their SHA-256 digest, so that a passport that comes with every request
 * is checked once. Who asks still has to check the times and the claims: only the signature never changes.
 */
export class VerifiedPassports {
  readonly #entries = new LRUCache<string, Entry>({ max: MAX_REMEMBERED });
  readonly #keyOf: (kid: string) => SigningKey | undefined;

  /** @param keyOf the key that stands behind a `kid` now: a passport is forgotten with its key. */
  constructor(keyOf: (kid: string) => SigningKey | undefined) {
    this.#keyOf = keyOf;
  }

  /** @returns the claims of a passport that was remembered, if its key is still the same. */
  find(token: string): JWTPayload | undefined {
    const digest = digestOf(token);
    const entry = this.#entries.get(digest);
    if (!entry) return undefined;
    if (this.#keyOf(entry.kid)?.modulus === entry.modulus) return entry.claims;
    this.#entries.delete(digest);
    return undefined;
  }

  remember(token: string, { kid, modulus }: SigningKey, claims: JWTPayload): void {
    this.#entries.set(digestOf(token), { kid, modulus, claims });
  }

  forget(token: string): void {
    this.#entries.delete(digestOf(token));
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
