import { issuerOf } from '../passport/passport-rules.js';
import type { Complain } from './complain.js';
import { show } from './fault-text.js';

/**
 * Reads the option `issuer`.
 * @param baseUrl its origin is the default.
 * @returns the origins that a passport may name, or `false` to look at none.
 */
export function readIssuers(
  value: unknown,
  baseUrl: string,
  complain: Complain,
): readonly string[] | false {
  if (value === undefined || value === null) return [new URL(baseUrl).origin];
  if (value === false) return false;
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0)
    complain('must not be an empty list; false accepts passports without one');
  return given.flatMap((entry) => {
    const issuer = issuerOf(entry);
    if (issuer === undefined) {
      complain(
        `must be an origin such as https://lime.pics, a list of them, or false, got ${show(entry)}`,
      );
    }
    return issuer ?? [];
  });
}
