import { LimeError, RateLimitError } from '../errors/index.js';
import type { Random } from '../ports/index.js';

/** No call waits longer than this for another try, whatever `Retry-After` says. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * Whether a failed call is worth another try: 408, 429, 5xx and transport faults.
 * A time-out is not: the caller was promised an answer within `timeoutMs`.
 */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof LimeError)) return false;
  if (error.code === 'NETWORK_ERROR' || error instanceof RateLimitError) return true;
  const status = error.httpStatus ?? 0;
  return status === 408 || status >= 500;
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
