import { LimeError } from '../errors/index.js';
import type { LimeClusterStatus } from '../interfaces/cluster.interface.js';
import type { LimeLogger } from '../common/logger.js';
import { errorText } from './error-text.js';

/** Whether Redis can be used: told once for each change, and asked before each command, so that nothing piles up. */
export class ClusterHealth {
  readonly #logger: LimeLogger;
  readonly #waiting = new Set<() => void>();
  #onUp = (): void => undefined;
  #status: LimeClusterStatus = { state: 'connecting', since: new Date() };

  constructor(logger: LimeLogger) {
    this.#logger = logger;
  }

  get status(): LimeClusterStatus {
    return this.#status;
  }

  /** @param listener called each time when Redis can be used again, and the first time. */
  whenever(listener: () => void): void {
    this.#onUp = listener;
  }

  up(): void {
    const { state, since } = this.#status;
    if (state === 'up' || state === 'closed') return;
    const seconds = ((Date.now() - since.getTime()) / 1000).toFixed(1);
    this.#logger.log(
      state === 'connecting' ? 'Cluster joined' : `Cluster joined again after ${seconds} s`,
    );
    this.#enter('up');
    for (const wake of this.#waiting) wake();
    this.#onUp();
  }

  down(error: Error): void {
    const { state, lastError } = this.#status;
    if (state === 'closed') return;
    if (state === 'up') {
      this.#logger.warn(`Cluster out of reach: ${errorText(error)}; logins are held`);
      return this.#enter('down', error);
    }
    if (state === 'connecting' && !lastError) {
      this.#logger.warn(
        `Cluster not reached: ${errorText(error)}; tried again for as long as it takes`,
      );
    }
    this.#status = { ...this.#status, lastError: error };
  }

  closed(): void {
    if (this.#status.state !== 'closed') this.#enter('closed');
    for (const wake of this.#waiting) wake();
  }

  /**
   * Runs a command if Redis can be reached, and learns from how it went.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE`
   */
  async run<Result>(command: () => Promise<Result>): Promise<Result> {
    if (this.#status.state !== 'up') throw unavailable(this.#status);
    return this.probe(command);
  }

  /** The same without looking at how things stand: what comes of it tells. */
  async probe<Result>(command: () => Promise<Result>): Promise<Result> {
    try {
      const result = await command();
      this.up();
      return result;
    } catch (error) {
      this.down(error instanceof Error ? error : new Error(String(error)));
      throw unavailable(this.#status);
    }
  }

  /** @throws {LimeError} `CLUSTER_UNAVAILABLE` after `waitMs` milliseconds. */
  async whenUp(waitMs: number): Promise<void> {
    if (this.#status.state === 'connecting' || this.#status.state === 'down') {
      await this.#change(waitMs);
    }
    if (this.#status.state !== 'up') throw unavailable(this.#status);
  }

  #change(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      this.#waiting.add(wake);
    });
  }

  #enter(state: LimeClusterStatus['state'], error = this.#status.lastError): void {
    this.#status = { state, since: new Date(), ...(error && { lastError: error }) };
  }
}

function unavailable({ state, lastError }: LimeClusterStatus): LimeError {
  const reason = lastError ? ` (${errorText(lastError)})` : '';
  return new LimeError('CLUSTER_UNAVAILABLE', `Redis cannot be reached now: ${state}${reason}`, {
    cause: lastError,
  });
}
