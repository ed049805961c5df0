/** Returns a number from 0 (included) to 1 (excluded), for jitter. */
export type Random = () => number;

/** The delays between tries. */
export interface Backoff {
  /** The longest first delay, in milliseconds. */
  readonly baseMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Returns the delay before the next try, in milliseconds: a random one in the upper half of `base · 2^failures`, so that
 * the processes of a site do not return at the same moment.
 * @param failures how many tries failed before the last one.
 */
export function backoffDelay({ baseMs, maxMs }: Backoff, failures: number, random: Random): number {
  const ceiling = Math.min(baseMs * 2 ** failures, maxMs);
  return ceiling * (0.5 + 0.5 * random());
}
