import type { Random } from '../common/backoff.js';
import { LimeError, RateLimitError } from '../errors/index.js';

/** Longest wait before a retry, also if `Retry-After` asks for more. */
const MAX_DELAY_MS = 30_000;

/**
 * After which failures a call is retried. 408, 429 and 503 are always retried (LIME site API, since September 2026); the rest
 * depends on what a second call can do.
 */
export interface RetryRule {
  /** After any other 5xx: the platform may have done its work. */
  readonly serverErrors: boolean;
  /** After a transport fault: the call may have arrived. */
  readonly networkErrors: boolean;
  /** After a timeout. */
  readonly timeouts: boolean;
}

/** A read changes nothing. */
export const RETRY_READ: RetryRule = { serverErrors: true, networkErrors: true, timeouts: true };
/** A second login request expires unused. A timeout is final, because `timeoutMs` promises an answer by then. */
export const RETRY_LOGIN: RetryRule = { serverErrors: true, networkErrors: true, timeouts: false };
/** LIME forbids a second call after 500, 502 and 504. */
export const RETRY_BINDING: RetryRule = {
  serverErrors: false,
  networkErrors: true,
  timeouts: false,
};
/** The failed call may have used the one-time code. */
export const RETRY_EXCHANGE: RetryRule = {
  serverErrors: false,
  networkErrors: false,
  timeouts: false,
};

export function isRetryable(error: unknown, rule: RetryRule): error is LimeError {
  if (!(error instanceof LimeError)) return false;
  if (error.code === 'NETWORK_ERROR') return rule.networkErrors;
  if (error.code === 'TIMEOUT') return rule.timeouts;
  const status = error.httpStatus ?? 0;
  if (error instanceof RateLimitError || status === 408 || status === 503) return true;
  return status >= 500 && rule.serverErrors;
}

/**
 * Computes the wait before the next try: 0.25 s · 2^failures plus up to 0.1 s of jitter (LIME's SDK), or what `Retry-After` asks
 * for, jittered upwards. Both are capped.
 * @param failures how many tries failed before the last one.
 * @returns milliseconds.
 */
export function retryDelay(
  failures: number,
  retryAfterMs: number | undefined,
  random: Random,
): number {
  const backoff = Math.min(250 * 2 ** failures, MAX_DELAY_MS) + random() * 100;
  if (retryAfterMs === undefined) return backoff;
  return Math.max(backoff, Math.min(retryAfterMs, MAX_DELAY_MS) * (1 + random() * 0.1));
}

/**
 * Reads a `Retry-After` header: seconds or an HTTP date (RFC 9110 section 10.2.3).
 * @param now milliseconds since the epoch.
 * @returns milliseconds; `undefined` for anything else.
 */
export function parseRetryAfter(
  header: string | string[] | undefined,
  now: number,
): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // An HTTP date names day and month; V8 reads a lone number such as 1.5 as a date in 2001.
  const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
