import { InvalidPassportError } from '../errors/index.js';
import { decodeBase64url } from './base64url.js';
import { readJsonObject } from './json-object.js';

/** Reads the headers of passports. */
export class HeaderReader {
  /** All passports of one key have the same header, so the last good one is kept as it was written. */
  #lastHeader = '';
  #lastKeyId = '';

  /**
   * Which key a passport names. Makes sure that it is signed in the one way that is accepted. Keys and addresses of keys
   * in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
   * @param header the first part of a passport, as it stands.
   * @throws {InvalidPassportError} `PASSPORT_ALGORITHM`, `PASSPORT_MALFORMED`
   */
  keyId(header: string): string {
    if (header !== this.#lastHeader) {
      this.#lastKeyId = keyIdIn(header);
      this.#lastHeader = header;
    }
    return this.#lastKeyId;
  }
}

function keyIdIn(header: string): string {
  const bytes = decodeBase64url(header);
  const members = bytes && readJsonObject(bytes);
  if (!members) {
    const message = 'the header of the passport is no JSON object';
    throw new InvalidPassportError('PASSPORT_MALFORMED', message);
  }
  const { alg, kid, crit } = members;
  if (alg !== 'RS256' || crit !== undefined) {
    throw new InvalidPassportError(
      'PASSPORT_ALGORITHM',
      'a passport is signed with RS256, without extensions',
      { expected: 'RS256', actual: typeof alg === 'string' ? alg.slice(0, 32) : typeof alg },
    );
  }
  if (typeof kid === 'string' && kid !== '') return kid;
  throw new InvalidPassportError('PASSPORT_MALFORMED', 'the passport does not name its key (kid)');
}
