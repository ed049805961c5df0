/** How finely: each bucket is so much wider than the one before. */
const GROWTH = 1.05;
const SMALLEST = 0.05;

/** Percentiles of any number of values in bounded memory, each right to 5 %. */
export class Histogram {
  #buckets = new Map();
  count = 0;
  most = 0;

  add(value) {
    const bucket = Math.ceil(Math.log(Math.max(value, SMALLEST) / SMALLEST) / Math.log(GROWTH));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.count++;
    this.most = Math.max(this.most, value);
  }

  percentile(share) {
    let left = this.count * share;
    for (const bucket of [...this.#buckets.keys()].toSorted((a, b) => a - b)) {
      left -= this.#buckets.get(bucket);
      if (left <= 0) return SMALLEST * GROWTH ** bucket;
    }
    return 0;
  }
}
