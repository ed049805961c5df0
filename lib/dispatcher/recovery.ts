import type { LimeExpiredEvent } from '../interfaces/login-events.interface.js';
import type { LimeStats } from '../interfaces/stats.interface.js';
import type { LoginRequests } from './login-requests.js';
import { forEachPaced, requestStatus, type StatusCallOptions } from './request-status.js';

/** An approval that LIME sent just before the status call may still be on its way. */
const ARRIVAL_GRACE_MS = 3_000;
/** After this many failures in a row recovery stops: the next gap starts it again, and requests expire in time. */
const MAX_FAILURES = 3;

export interface RecoveryOptions extends StatusCallOptions {
  requests: LoginRequests;
  /** Expires a request. @returns `false` if it has an outcome. */
  expire: (requestId: string, origin: LimeExpiredEvent['origin']) => boolean;
  stats: LimeStats;
}

/**
 * Recovers events that were missed while no stream was open: asks LIME for the status of each pending request.
 * LIME is not known to replay events, so an event of a gap counts as lost.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #stopping = new AbortController();
  readonly #timers = new Set<() => void>();
  #running: Promise<void> | undefined;
  #runAgain = false;
  #warned = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** The stream was opened. Returns at once; never throws. */
  start(): void {
    if (this.#running) {
      this.#runAgain = true;
      return;
    }
    this.#running = this.#recoverAll().finally(() => {
      this.#running = undefined;
      if (!this.#runAgain) return;
      this.#runAgain = false;
      this.start();
    });
  }

  stop(): void {
    this.#runAgain = false;
    this.#stopping.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  async #recoverAll(): Promise<void> {
    this.#warned = false;
    const { requests, clock } = this.#options;
    const { signal } = this.#stopping;
    const queue = [...requests.pending.keys()];
    let failures = 0;
    const recover = async (requestId: string) => {
      if (!requests.pending.has(requestId)) return;
      const status = await requestStatus(requestId, this.#options);
      if (signal.aborted) return;
      failures = status === 'unavailable' ? failures + 1 : 0;
      // The next gap asks again.
      if (status === 'unsupported' || failures >= MAX_FAILURES) queue.length = 0;
      else if (status === 'approved') this.#awaitApproval(requestId);
      else if (status === 'expired') this.#onMissedExpiry(requestId);
    };
    await forEachPaced(queue, recover, clock, signal);
  }

  #onMissedExpiry(requestId: string): void {
    const { expire, stats } = this.#options;
    if (expire(requestId, 'platform')) stats.missed++;
  }

  #awaitApproval(requestId: string): void {
    const cancel = this.#options.clock.schedule(() => {
      this.#timers.delete(cancel);
      this.#onLostApproval(requestId);
    }, ARRIVAL_GRACE_MS);
    this.#timers.add(cancel);
  }

  #onLostApproval(requestId: string): void {
    const { expire, stats, logger } = this.#options;
    if (!expire(requestId, 'local')) return;
    stats.missed++;
    if (this.#warned) return;
    this.#warned = true;
    logger.warn(
      `The approval of ${requestId} was lost while the event stream was down. It counts as expired, so that the person can ` +
        'try again (one line for each gap; stats.missed counts them)',
    );
  }
}
