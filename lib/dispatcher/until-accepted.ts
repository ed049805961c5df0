import { backoffDelay } from '../common/backoff.js';
import { type Clock, sleep } from '../common/clock.js';
import type { Random } from '../common/backoff.js';

const BACKOFF = { baseMs: 100, maxMs: 2_000 };

export interface Persistence {
  clock: Clock;
  random: Random;
  /** Ends the tries. */
  signal: AbortSignal;
  /** Called after each try that failed. */
  onFailure: (error: unknown) => void;
}

/**
 * Tries until it works: for what the shared store has to take, and will once it is back.
 * @returns whether it worked before the signal aborted. Never rejects.
 */
export async function untilAccepted(
  work: () => Promise<void>,
  { clock, random, signal, onFailure }: Persistence,
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await work();
      return true;
    } catch (error) {
      onFailure(error);
      if (signal.aborted) return false;
      await sleep(clock, backoffDelay(BACKOFF, attempt, random), signal);
    }
  }
}
