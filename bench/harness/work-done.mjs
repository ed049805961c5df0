/** Counts what the handlers of one process have done, for figures that several processes work on. */
export class WorkDone {
  #count = 0;
  #firstAt;
  #lastAt;

  /** A handler was called. */
  note() {
    this.#lastAt = process.hrtime.bigint();
    this.#firstAt ??= this.#lastAt;
    this.#count++;
  }

  /** What was done since the last call: moments on the machine's monotonic clock; processor time so far. */
  take() {
    const done = { count: this.#count, firstAt: this.#firstAt, lastAt: this.#lastAt };
    this.#count = 0;
    this.#firstAt = undefined;
    const { user, system } = process.cpuUsage();
    return { ...done, cpuMicroseconds: user + system };
  }
}
