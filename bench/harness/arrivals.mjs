/** Records when events reach a handler. */
export class Arrivals {
  #at;
  #count = 0;
  #finish;
  #done;

  /** @param {number} expected */
  constructor(expected) {
    this.#at = new BigUint64Array(expected);
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** One has come. */
  note() {
    const last = this.#at.length - 1;
    // For a rate the first and the last are enough, and the others must not cost a look at the clock.
    if (this.#count === 0 || this.#count === last || last < 1000) {
      this.#at[this.#count] = process.hrtime.bigint();
    }
    if (this.#count++ === last) this.#finish();
  }

  /** @returns {Promise<number>} how many came in a second, from the first to the last */
  async perSecond() {
    await this.#done;
    const last = this.#at.length - 1;
    return last / (Number(this.#at[last] - this.#at[0]) / 1e9);
  }

  /** @returns {Promise<bigint[]>} when each came, in nanoseconds of the machine's monotonic clock; up to 1 000 */
  async moments() {
    await this.#done;
    return [...this.#at];
  }
}
