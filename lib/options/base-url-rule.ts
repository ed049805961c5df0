import type { Complain } from './complain.js';
import { show } from './fault-text.js';

const DEFAULT_BASE_URL = 'https://lime.pics/api/v1';

/** Where the API of every LIME platform begins. */
const API_PATH = '/api/v1';

/**
 * What counts as the root of the LIME API, wherever it comes from. Blank is as good as not given. An origin alone gets `/api/v1`,
 * without which LIME answers no call.
 * @returns the address without a trailing slash; after a complaint, something that is not to be used.
 */
export function readBaseUrl(
  value: unknown,
  allowInsecureHttp: boolean,
  complain: Complain,
): string {
  const text =
    typeof value === 'string' && value.trim() === ''
      ? DEFAULT_BASE_URL
      : (value ?? DEFAULT_BASE_URL);
  if (typeof text !== 'string' || !URL.canParse(text.trim())) {
    complain(`must be an absolute URL such as ${DEFAULT_BASE_URL}, got ${showAddress(text)}`);
    return DEFAULT_BASE_URL;
  }
  const url = new URL(text.trim());
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    complain(`must start with https:, got ${show(url.protocol)}`);
  } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    complain('must have no user name, query or fragment');
  } else if (url.protocol === 'http:' && !allowInsecureHttp && !isLoopback(url.hostname)) {
    complain(
      `uses plain http: to ${url.host}, where anybody on the way can read the site token; use https:, or set ` +
        'allowInsecureHttp if the way is private',
    );
  }
  if (/^\/+$/.test(url.pathname)) url.pathname = API_PATH;
  return url.href.replace(/\/+$/, '');
}

/** The two variables may have been mixed up, and then the token stands here. */
function showAddress(value: unknown): string {
  return /^\s*st_/.test(String(value)) ? 'what looks like a site token' : show(value);
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
