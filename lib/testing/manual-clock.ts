import type { Clock } from '../common/clock.js';

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test advances it, for requests and passports that expire, timeouts and reconnects.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const lime = await LimeSandbox.start({ clock });
 * const builder = Test.createTestingModule({ imports: [LimeSitesModule.forRoot(lime.moduleOptions())] });
 * const module = await builder.overrideProvider(LIME_SITES_CLOCK).useValue(clock).compile();
 * // …
 * clock.advance(120_000); // the pending login request expires
 * ```
 */
export class ManualClock implements Clock {
  #startedAt: number;
  readonly #timers = new Set<Timer>();
  #elapsed = 0;

  /** @param startedAt the first value of {@link now}, in milliseconds since the epoch. Default: the real time. */
  constructor(startedAt: number = Date.now()) {
    this.#startedAt = startedAt;
  }

  /** Wall-clock time in milliseconds since the epoch. */
  now(): number {
    return this.#startedAt + this.#elapsed;
  }

  /** The milliseconds by which the clock was advanced. */
  monotonic(): number {
    return this.#elapsed;
  }

  /** Sets the wall clock forward, or back with a negative value, as NTP does. No time passes, and no timer fires. */
  setForward(ms: number): void {
    this.#startedAt += ms;
  }

  /** Runs `callback` once the clock has advanced by `ms`. Does not keep the process alive. */
  schedule(callback: () => void, ms: number): () => void {
    const timer = { dueAt: this.#elapsed + Math.max(ms, 0), callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Milliseconds until each timer fires, the next one first. */
  get waits(): number[] {
    const waits = Array.from(this.#timers, ({ dueAt }) => dueAt - this.#elapsed);
    return waits.toSorted((a, b) => a - b);
  }

  /**
   * Advances by `ms` milliseconds and runs each due timer at its own time, new ones of those timers included.
   * Promise callbacks and sockets continue after that: wait for their effects.
   * @throws RangeError for a negative value.
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
