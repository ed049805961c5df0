import { parseCompactJws } from './compact-jws.js';
import { readJsonObject } from './json-object.js';

/**
 * When a passport says that it expires, in milliseconds since the epoch. Nothing is verified: good for deciding how
 * long a verification is worth trying, and for nothing else.
 * @throws {InvalidPassportError} `PASSPORT_MALFORMED` for what has not the form of a passport.
 */
export function unverifiedExpiry(jwt: string): number | undefined {
  const exp = readJsonObject(parseCompactJws(jwt).payload)?.['exp'];
  return typeof exp === 'number' ? exp * 1000 : undefined;
}
