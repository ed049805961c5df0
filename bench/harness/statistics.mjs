/** @typedef {{ median: number, min: number, max: number }} Spread */

/**
 * @param {number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  return { median: percentile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * @param {number[]} values
 * @param {number} share 0 to 1
 */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
