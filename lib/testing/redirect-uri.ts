import { refusal } from './refusals.js';

const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether the host name always points to this machine. Takes IPv6 addresses in brackets, as in a URL. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * Checks and normalises the `redirect_uri` of a binding request.
 * @throws SandboxError 400 `VALIDATION_ERROR` unless it is an absolute https URL, or an http one on loopback.
 */
export function parseRedirectUri(value: unknown): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const secure = url?.protocol === 'https:';
  const local = url?.protocol === 'http:' && isLoopback(url.hostname);
  if (url !== undefined && (secure || local)) return url.href;
  throw refusal(
    'VALIDATION_ERROR',
    'redirect_uri must be an absolute https URL (or http on loopback).',
    { detail: { field: 'redirect_uri' } },
  );
}

/** Adds one parameter to the query of `redirectUri`, and keeps the rest character for character. */
export function callbackUrlOf(redirectUri: string, name: string, value: string): string {
  const hashAt = redirectUri.indexOf('#');
  const base = hashAt === -1 ? redirectUri : redirectUri.slice(0, hashAt);
  const hash = hashAt === -1 ? '' : redirectUri.slice(hashAt);
  const glue = base.includes('?') ? '&' : '?';
  return `${base}${glue}${name}=${value}${hash}`;
}
