import type { Clock } from '../common/clock.js';

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to go on, for tests of what time brings about: requests that nobody
 * approves, passports that run out, time-outs, reconnects.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const lime = await LimeSandbox.start({ clock });
 * const builder = Test.createTestingModule({ imports: [LimeSitesModule.forRoot(lime.moduleOptions())] });
 * const module = await builder.overrideProvider(LIME_SITES_CLOCK).useValue(clock).compile();
 * // …
 * clock.advance(120_000); // the login request that nobody approved expires
 * ```
 */
export class ManualClock implements Clock {
  #startedAt: number;
  readonly #timers = new Set<Timer>();
  #elapsed = 0;

  /** @param startedAt what {@link now} says at first, in milliseconds since the epoch. Default: the real time. */
  constructor(startedAt: number = Date.now()) {
    this.#startedAt = startedAt;
  }

  /** Wall-clock time in milliseconds since the epoch. */
  now(): number {
    return this.#startedAt + this.#elapsed;
  }

  /** Milliseconds that it was told to let pass. */
  monotonic(): number {
    return this.#elapsed;
  }

  /** Sets the wall clock forward, or back with less than 0, as NTP does. No time passes, and no timer gets due. */
  setForward(ms: number): void {
    this.#startedAt += ms;
  }

  /** Runs `callback` when so much time was let pass. Holds no process alive. */
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
   * Lets so many milliseconds pass and runs what gets due, each at its own moment, also what is scheduled meanwhile.
   * Promises that this settles, and whatever travels over a socket, go on only afterwards: wait for what they bring about.
   * @throws RangeError for less than 0 milliseconds: time does not go back.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`advance() takes milliseconds from 0 on, not ${ms}`);
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
