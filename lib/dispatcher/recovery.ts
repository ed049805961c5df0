import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { ApiError } from '../errors/index.js';
import type { LimeExpiredEvent } from '../interfaces/login-events.interface.js';
import type { LimeStats } from '../interfaces/stats.interface.js';
import type { LoginRequests } from './login-requests.js';

/** Status calls at a time; each worker makes one every {@link PACE_MS} at most: 50 calls a second in all. */
const WORKERS = 5;
const PACE_MS = 100;
/** An approval that LIME sent just before the status call may still be on its way. */
const ARRIVAL_GRACE_MS = 3_000;
/** After this many failures in a row recovery stops: the next gap starts it again, and requests expire in time. */
const MAX_FAILURES = 3;

export interface RecoveryOptions {
  requests: LoginRequests;
  /** The status of a request on the platform. */
  statusOf: (requestId: string) => Promise<string>;
  /** Expires a request. @returns `false` if it has an outcome. */
  expire: (requestId: string, origin: LimeExpiredEvent['origin']) => boolean;
  stats: LimeStats;
  clock: Clock;
  logger: LimeLogger;
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
  /** LIME answered that it does not have the call; the next gap asks again. */
  #unsupported = false;
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
    this.#unsupported = false;
    const { requests, clock } = this.#options;
    const queue = [...requests.pending.keys()];
    let failures = 0;
    const worker = async () => {
      for (let id = queue.shift(); id !== undefined && !this.#unsupported; id = queue.shift()) {
        if (this.#stopping.signal.aborted || failures >= MAX_FAILURES) return;
        if (!requests.pending.has(id)) continue;
        failures = (await this.#recover(id)) ? 0 : failures + 1;
        await sleep(clock, PACE_MS, this.#stopping.signal);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
  }

  /** @returns whether LIME answered. */
  async #recover(requestId: string): Promise<boolean> {
    try {
      this.#apply(requestId, await this.#options.statusOf(requestId));
      return true;
    } catch (error) {
      if (this.#stopping.signal.aborted) return true;
      this.#options.logger.debug(`No status of ${requestId}: ${String(error)}`);
      if (!(error instanceof ApiError)) return false; // a proxy's word does not count
      if (error.code === 'SITE_LOGIN_REQUEST_NOT_FOUND') return true;
      this.#unsupported = [404, 405, 501].includes(error.httpStatus ?? 0);
      return false;
    }
  }

  #apply(requestId: string, status: string): void {
    const { expire, stats, clock } = this.#options;
    if (/^(APPROVED|DELIVERED)$/i.test(status)) {
      const cancel = clock.schedule(() => {
        this.#timers.delete(cancel);
        this.#onLostApproval(requestId);
      }, ARRIVAL_GRACE_MS);
      this.#timers.add(cancel);
    } else if (/EXPIRED|TIMED?_?OUT/i.test(status)) {
      if (expire(requestId, 'platform')) stats.missed++;
    }
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
