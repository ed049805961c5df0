import { backoffDelay, type Random } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';

const BACKOFF = { baseMs: 100, maxMs: 2_000 };

export interface RetryUntilAccepted {
  clock: Clock;
  random: Random;
  /** Ends the retries. */
  signal: AbortSignal;
  /** Whether a failure is final, so that no retry follows. @default none is */
  isFinal?: (error: unknown, attempts: number) => boolean;
  /** Called after each attempt that failed. */
  onFailure: (error: unknown) => void;
}

/**
 * Retries until the shared store accepts the work.
 * @returns whether it did before the signal aborted or a failure was final. Never rejects.
 */
export async function untilAccepted(
  work: () => Promise<void>,
  { clock, random, signal, isFinal = () => false, onFailure }: RetryUntilAccepted,
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await work();
      return true;
    } catch (error) {
      onFailure(error);
      if (signal.aborted || isFinal(error, attempt + 1)) return false;
      await sleep(clock, backoffDelay(BACKOFF, attempt, random), signal);
    }
  }
}
