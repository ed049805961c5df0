import { LimeError } from '../errors/index.js';
import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { LoginIntake } from './login-intake.js';
import type { LoginLedger } from './login-ledger.js';
import type { LimeStats } from '../interfaces/stats.interface.js';

/** So many questions at a time, each worker asking at most every {@link PACE_MS}: 50 a second at most. */
const WORKERS = 5;
const PACE_MS = 100;
/** An approval that was sent just before the question may still be on its way. */
const ARRIVAL_GRACE_MS = 3_000;
/** After so many failures in a row there is no point in asking on: the next gap asks again, and expiry settles the rest. */
const MAX_FAILURES = 3;

export interface MissedLoginsOptions {
  ledger: LoginLedger;
  intake: LoginIntake;
  /** The status of a request on the platform now. */
  statusOf: (requestId: string) => Promise<string>;
  stats: LimeStats;
  clock: Clock;
  logger: LimeLogger;
}

/**
 * Finds out what happened while no stream was open, by asking the platform once for each pending request.
 * Nobody outside knows whether LIME replays events, so what falls into a gap is taken for lost.
 */
export class MissedLogins {
  readonly #options: MissedLoginsOptions;
  readonly #stopping = new AbortController();
  readonly #timers = new Set<() => void>();
  #running: Promise<void> | undefined;
  #askAgain = false;
  #supported = true;
  #warned = false;

  constructor(options: MissedLoginsOptions) {
    this.#options = options;
  }

  /** The stream has been opened. Returns at once; never throws. */
  ask(): void {
    if (this.#running) {
      this.#askAgain = true;
      return;
    }
    this.#running = this.#askAll().finally(() => {
      this.#running = undefined;
      if (!this.#askAgain) return;
      this.#askAgain = false;
      this.ask();
    });
  }

  stop(): void {
    this.#askAgain = false;
    this.#stopping.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  async #askAll(): Promise<void> {
    this.#warned = false;
    const queue = [...this.#options.ledger.pending.keys()];
    let failures = 0;
    const worker = async () => {
      for (let id = queue.shift(); id !== undefined && this.#supported; id = queue.shift()) {
        if (this.#stopping.signal.aborted || failures >= MAX_FAILURES) return;
        if (!this.#options.ledger.pending.has(id)) continue;
        failures = (await this.#askFor(id)) ? 0 : failures + 1;
        await sleep(this.#options.clock, PACE_MS, this.#stopping.signal);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
  }

  /** @returns whether the platform answered. */
  async #askFor(requestId: string): Promise<boolean> {
    try {
      this.#apply(requestId, await this.#options.statusOf(requestId));
      return true;
    } catch (error) {
      if (this.#stopping.signal.aborted) return true;
      if (isUnsupported(error)) this.#supported = false;
      this.#options.logger.debug(`The status of ${requestId} cannot be had: ${String(error)}`);
      return error instanceof LimeError && error.code === 'SITE_LOGIN_REQUEST_NOT_FOUND';
    }
  }

  #apply(requestId: string, status: string): void {
    const { intake, stats, clock } = this.#options;
    if (/^(APPROVED|DELIVERED)$/i.test(status)) {
      const cancel = clock.schedule(() => {
        this.#timers.delete(cancel);
        this.#giveUpApproval(requestId);
      }, ARRIVAL_GRACE_MS);
      this.#timers.add(cancel);
    } else if (/EXPIRED|TIMED?_?OUT/i.test(status)) {
      if (intake.expire(requestId, 'platform')) stats.missed++;
    }
  }

  #giveUpApproval(requestId: string): void {
    const { intake, stats, logger } = this.#options;
    if (!intake.expire(requestId, 'local')) return;
    stats.missed++;
    if (this.#warned) return;
    this.#warned = true;
    logger.warn(
      `The approval of ${requestId} was lost while the event stream was down; it counts as expired, so that the ` +
        'person can try again (said once for a gap; stats.missed counts them)',
    );
  }
}

/** The platform does not know the call itself, as opposed to the request. */
function isUnsupported(error: unknown): boolean {
  if (!(error instanceof LimeError) || error.code === 'SITE_LOGIN_REQUEST_NOT_FOUND') return false;
  return error.httpStatus === 404 || error.httpStatus === 405 || error.httpStatus === 501;
}
