import type { Dispatcher } from 'undici';
import { isObject } from '../common/check-options.js';
import { LimeError } from '../errors/index.js';

/** Turns off the redirect interceptor of an `httpClient`, in undici 5 to 8. The types of undici 7 do not have it. */
export const NO_REDIRECTS = { maxRedirections: 0 };

/**
 * Refuses a redirect, and the answer to one that an `httpClient` has followed all the same.
 * @throws {LimeError} `UNEXPECTED_REDIRECT`
 */
export function assertNoRedirect(
  { statusCode, body, context }: Dispatcher.ResponseData,
  call: string,
): void {
  const followed = hasFollowedRedirect(context);
  if (!followed && (statusCode < 300 || statusCode >= 400)) return;
  body.on('error', () => undefined).destroy();
  const problem = followed
    ? `${call} was redirected, and the httpClient followed. The site token may have reached another origin. Pass an ` +
      'httpClient that does not follow redirects, and set baseUrl to the final address.'
    : `${call} answered with a redirect (HTTP ${statusCode}), which the module does not follow, so that the site token ` +
      'cannot reach another origin. Set baseUrl to the final address.';
  // The status of another origin must not decide about a retry.
  const httpStatus = followed ? undefined : statusCode;
  throw new LimeError('UNEXPECTED_REDIRECT', problem, { httpStatus });
}

/** Reads the addresses that undici's redirect handlers add to the response. */
function hasFollowedRedirect(context: unknown): boolean {
  const history: unknown = isObject(context) && Reflect.get(context, 'history');
  return Array.isArray(history) && history.length > 1;
}
