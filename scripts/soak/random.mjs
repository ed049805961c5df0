/** Random numbers that a seed brings back (mulberry32). */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = Math.trunc(seed);
  }

  /** From 0 to below 1. */
  fraction() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least, most) {
    return least + (most - least) * this.fraction();
  }

  whole(least, most) {
    return Math.floor(this.between(least, most + 1));
  }

  chance(share) {
    return this.fraction() < share;
  }

  /** A time between two things that happen independently of each other. */
  exponential(mean) {
    return -mean * Math.log(1 - this.fraction());
  }

  pick(items) {
    return items[this.whole(0, items.length - 1)];
  }

  /** @param {readonly { weight: number }[]} items */
  weighted(items) {
    let left = this.fraction() * items.reduce((sum, { weight }) => sum + weight, 0);
    return items.find(({ weight }) => (left -= weight) < 0) ?? items[0];
  }
}
