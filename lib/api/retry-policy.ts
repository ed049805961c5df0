import { LimeError, RateLimitError } from '../errors/index.js';
import type { Random } from '../common/backoff.js';

/** No call waits longer than this for a retry, whatever `Retry-After` says. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * Which failures of a call are worth a retry. Every call is repeated after 408, 429 and 503 (LIME site API, since
 * September 2026); the rest depends on what a repeat can do.
 */
export interface RetryRule {
  /** After any other 5xx: the platform may have done its work all the same. */
  readonly serverErrors: boolean;
  /** After a transport fault: the call may have arrived. */
  readonly networkErrors: boolean;
  /** After a call that ran out of time. */
  readonly timeouts: boolean;
}

/** A read changes nothing. */
export const RETRY_READ: RetryRule = { serverErrors: true, networkErrors: true, timeouts: true };
/** A login request that is created twice expires unused. A timeout is final: the caller was promised an answer by then. */
export const RETRY_LOGIN: RetryRule = { serverErrors: true, networkErrors: true, timeouts: false };
/** LIME wants no repeat after 500, 502 and 504. */
export const RETRY_BINDING: RetryRule = {
  serverErrors: false,
  networkErrors: true,
  timeouts: false,
};
/** A one-time code may have been used up by the call that failed. */
export const RETRY_EXCHANGE: RetryRule = {
  serverErrors: false,
  networkErrors: false,
  timeouts: false,
};

/** Whether a failed call is worth a retry. */
export function isRetryable(error: unknown, rule: RetryRule): boolean {
  if (!(error instanceof LimeError)) return false;
  if (error.code === 'NETWORK_ERROR') return rule.networkErrors;
  if (error.code === 'TIMEOUT') return rule.timeouts;
  const status = error.httpStatus ?? 0;
  if (error instanceof RateLimitError || status === 408 || status === 503) return true;
  return status >= 500 && rule.serverErrors;
}

/**
 * Milliseconds before try number `attempt + 1`: 0.25 s · 2^attempt plus up to 0.1 s of jitter, or what the
 * platform asked for (`Retry-After`), capped and then jittered upwards.
 */
export function retryDelay(
  attempt: number,
  retryAfterMs: number | undefined,
  random: Random,
): number {
  const backoff = 250 * 2 ** attempt + random() * 100;
  if (retryAfterMs === undefined) return backoff;
  return Math.max(backoff, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) * (1 + random() * 0.1));
}
