/** Above this number of logins in flight the stream is not read. */
const HIGH_WATER_MARK = 1024;
/** Reading resumes at this number. */
const LOW_WATER_MARK = 512;
/** At most this many logins are suspended at once. Further ones stay in flight and so hold the stream up. */
const MAX_SUSPENDED = 10_000;

/** Counts the logins between the stream and the end of their last handler: back-pressure for a burst, and drain at shutdown. */
export class InFlight {
  #count = 0;
  #suspended = 0;
  readonly #waitingForCapacity: (() => void)[] = [];
  readonly #waitingForDrain: (() => void)[] = [];

  add(): void {
    this.#count++;
  }

  remove(): void {
    this.#count--;
    this.#wake();
  }

  /**
   * Takes a login that can only wait out of the count, so that it does not keep others from being read.
   * @returns the function that counts it again.
   */
  suspend(): () => void {
    if (this.#suspended >= MAX_SUSPENDED) return () => undefined;
    this.#suspended++;
    this.remove();
    return () => {
      this.#suspended--;
      this.add();
    };
  }

  /** Resolves when more logins can be read; `undefined` if that is now. */
  whenReady(): Promise<void> | undefined {
    if (this.#count < HIGH_WATER_MARK) return undefined;
    return new Promise((resolve) => this.#waitingForCapacity.push(resolve));
  }

  /** Resolves when no login is in flight or suspended. */
  whenDrained(): Promise<void> {
    if (this.#count + this.#suspended === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForDrain.push(resolve));
  }

  #wake(): void {
    if (this.#count <= LOW_WATER_MARK) wakeAll(this.#waitingForCapacity);
    if (this.#count + this.#suspended === 0) wakeAll(this.#waitingForDrain);
  }
}

function wakeAll(sleepers: (() => void)[]): void {
  if (sleepers.length === 0) return;
  for (const wake of sleepers.splice(0)) wake();
}
