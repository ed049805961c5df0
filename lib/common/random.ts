/** A number from 0 (included) to 1 (excluded), for jitter. */
export type Random = () => number;
