/** The source of time for the whole module. Tests replace it with a manual clock. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch, for expiry dates. May jump. */
  now(): number;
  /** Monotonic time in milliseconds, for durations. Never goes back. */
  monotonic(): number;
  /**
   * Runs `callback` once after `ms` milliseconds. The timer keeps the process alive, so that an application that only
   * waits for a reconnect does not exit.
   * @returns a function that cancels the timer.
   */
  schedule(callback: () => void, ms: number): () => void;
}

/** The longest delay of `setTimeout`, which fires at once for a longer one (it is a signed 32-bit number). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(callback, ms) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts; never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.schedule(wake, ms);
    signal?.addEventListener('abort', wake);
  });
}
