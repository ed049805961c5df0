import type { Random } from './random.js';

/** How long to wait between tries. */
export interface Backoff {
  /** Before the second try, in milliseconds. */
  readonly baseMs: number;
  /** At most, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Milliseconds before the next try: somewhere in the upper half of `base · 2^failures`, so that a fleet does not come back as one.
 * @param failures how many tries failed before the last one.
 */
export function backoffDelay({ baseMs, maxMs }: Backoff, failures: number, random: Random): number {
  const ceiling = Math.min(baseMs * 2 ** failures, maxMs);
  return ceiling * (0.5 + 0.5 * random());
}
