import type { Clock } from 'nestjs-lime-sites';

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. It starts at the real time, because passports carry that. */
export class ManualClock implements Clock {
  #startedAt: number;
  readonly #timers = new Set<Timer>();
  #elapsed = 0;

  constructor(startedAt: number = Date.now()) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Sets the wall clock forward, or back, as NTP does. No time passes. */
  setForward(ms: number): void {
    this.#startedAt += ms;
  }

  schedule(callback: () => void, ms: number): () => void {
    const timer = { dueAt: this.#elapsed + Math.max(ms, 0), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** In how many milliseconds each timer is due, the next one first. */
  get waits(): number[] {
    const waits = Array.from(this.#timers, ({ dueAt }) => dueAt - this.#elapsed);
    return waits.toSorted((a, b) => a - b);
  }

  /**
   * Lets time pass and runs what gets due, each at its own moment, also what is scheduled meanwhile. Promises that
   * this settles go on only afterwards: wait for what they bring about with `until()`.
   */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#elapsed = timer.dueAt;
      timer.callback();
    }
    this.#elapsed = end;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= end && (!next || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }
}
