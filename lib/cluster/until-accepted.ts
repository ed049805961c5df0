import { type Clock, type Random, sleep } from '../ports/index.js';

const PAUSE_BASE_MS = 100;
const PAUSE_MAX_MS = 2_000;

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
      const ceiling = Math.min(PAUSE_BASE_MS * 2 ** Math.min(attempt, 10), PAUSE_MAX_MS);
      await sleep(clock, ceiling * (0.5 + 0.5 * random()), signal);
    }
  }
}
