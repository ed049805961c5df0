/** So many logins may be between the stream and the end of their last handler before the stream is not read any more. */
const HIGH_WATER_MARK = 1024;
/** Reading goes on when no more than this many are left. */
const LOW_WATER_MARK = 512;
/** So many logins may be set aside. Further ones count as in hand, and so hold the stream up. */
const MAX_ASIDE = 10_000;

/** Counts the logins in hand, so that a burst is held back by the socket and not by memory. */
export class InHand {
  #count = 0;
  #aside = 0;
  readonly #waitingForRoom: (() => void)[] = [];
  readonly #waitingForEnd: (() => void)[] = [];

  enter(): void {
    this.#count++;
  }

  leave(): void {
    this.#count--;
    this.#wake();
  }

  /**
   * A login that can only wait must not keep others from being read.
   * @returns the function that takes it back in hand.
   */
  setAside(): () => void {
    if (this.#aside >= MAX_ASIDE) return () => undefined;
    this.#aside++;
    this.leave();
    return () => {
      this.#aside--;
      this.enter();
    };
  }

  /** While there are too many: a promise that resolves when there is room again. */
  whenRoom(): Promise<void> | undefined {
    if (this.#count < HIGH_WATER_MARK) return undefined;
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Resolves when nothing is in hand and nothing aside. */
  whenEmpty(): Promise<void> {
    if (this.#count + this.#aside === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForEnd.push(resolve));
  }

  #wake(): void {
    if (this.#count <= LOW_WATER_MARK) wakeAll(this.#waitingForRoom);
    if (this.#count + this.#aside === 0) wakeAll(this.#waitingForEnd);
  }
}

function wakeAll(sleepers: (() => void)[]): void {
  if (sleepers.length === 0) return;
  for (const wake of sleepers.splice(0)) wake();
}
