const PERIOD_MS = 1_000;

/** Calls the same work once a second. */
export class Heartbeat {
  readonly #work: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param work must not reject. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  start(): void {
    // Jitter, so that replicas that were started together do not call Redis together.
    this.#schedule(PERIOD_MS * Math.random());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#work().finally(() => this.#schedule(PERIOD_MS));
    }, ms);
  }
}
