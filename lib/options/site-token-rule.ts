import { SiteToken } from '../api/site-token.js';
import type { Complain } from './complain.js';

/** For whoever has none. */
export const WHERE_TOKENS_ARE = 'you find it in the LIME portal, and LimeSandbox has one for tests';

/**
 * What counts as a site token, wherever it comes from: printable ASCII (RFC 9110 section 5.5), without spaces.
 * @returns the token, `''` for none; `undefined` for what cannot be one. The value itself must not get into an error.
 */
export function readSiteToken(value: unknown, complain: Complain): string | undefined {
  const text = value instanceof SiteToken ? value.reveal() : value;
  const token = typeof text === 'string' ? text.trim() : undefined;
  if (token !== undefined && /^[\x21-\x7e]*$/.test(token)) return token;
  complain(token === undefined ? 'must be a string' : 'must be printable ASCII without spaces');
  return undefined;
}
