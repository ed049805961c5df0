import { copyError, LimeError } from '../errors/index.js';
import type { LimeLogger } from '../common/logger.js';
import type { LimeClusterStatus } from '../interfaces/cluster.interface.js';

/** How long a refusal of Redis counts, in milliseconds. */
const REFUSAL_MS = 60_000;
/** Redis refuses these for good: permissions (ACL), also of a script, credentials, commands that it does not have. */
const REFUSAL =
  /\bNOPERM\b|^NOAUTH\b|^WRONGPASS\b|^ERR unknown command|The user executing the script can't/;
/** Redis names keys in some messages, so that there can be many. */
const MAX_REFUSALS = 20;

interface Refusal {
  readonly error: Error;
  readonly since: Date;
  /** Until when it counts, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Whether a retry is pointless, because Redis refuses the command for good. */
export function isRefusal(error: unknown): boolean {
  const message: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : undefined;
  return typeof message === 'string' && REFUSAL.test(message);
}

/**
 * Whether Redis can be used. Logged once for each change, and checked before each command, so that commands do not pile up.
 * Errors are copied: ioredis keeps the command with its arguments, passports included, on its errors.
 */
export class RedisHealth {
  readonly #logger: LimeLogger;
  readonly #waiting = new Set<() => void>();
  #onUp = (): void => undefined;
  #status: LimeClusterStatus = { state: 'connecting', since: new Date() };
  /** By message. */
  readonly #refusals = new Map<string, Refusal>();

  constructor(logger: LimeLogger) {
    this.#logger = logger;
  }

  /** A command that Redis refuses counts as down, although everything else goes on. */
  get status(): LimeClusterStatus {
    const refusal = [...this.#refusals.values()].find(({ endsAt }) => endsAt > Date.now());
    if (this.#status.state !== 'up' || !refusal) return this.#status;
    return { state: 'down', since: refusal.since, lastError: refusal.error };
  }

  /** @param listener called each time when Redis can be used again, and the first time. */
  whenUpAgain(listener: () => void): void {
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

  down(thrown: unknown): void {
    if (isRefusal(thrown)) this.refused(thrown);
    const error = copyError(thrown);
    const { state, lastError } = this.#status;
    if (state === 'closed') return;
    if (state === 'up') {
      if (isRefusal(thrown)) return; // Redis answers
      this.#logger.warn(`Cluster lost (${textOf(error)}), holding logins until it is back`);
      return this.#enter('down', error);
    }
    if (state === 'connecting' && !lastError) {
      this.#logger.warn(`Cluster not reached (${textOf(error)}), retrying`);
    }
    this.#status = { ...this.#status, lastError: error };
  }

  /** Redis refuses a command for good: a person has to change its configuration. */
  refused(thrown: unknown): void {
    const error = copyError(thrown);
    const known = this.#refusals.get(error.message);
    const since = known?.since ?? new Date();
    if (!known && this.#refusals.size >= MAX_REFUSALS) return;
    this.#refusals.set(error.message, { error, since, endsAt: Date.now() + REFUSAL_MS });
    if (known) return;
    this.#logger.warn(
      `Redis refuses a command that the cluster needs: ${textOf(error)}. Permit it to the Redis user of this site (ACL)`,
    );
  }

  closed(): void {
    if (this.#status.state !== 'closed') this.#enter('closed');
    for (const wake of this.#waiting) wake();
  }

  /**
   * Runs a command if Redis can be reached, and learns from the result.
   * @throws {LimeError} `CLUSTER_UNAVAILABLE`; `CLUSTER_REFUSED` if Redis refuses the command for good.
   */
  async run<Result>(command: () => Promise<Result>): Promise<Result> {
    if (this.#status.state !== 'up') throw unavailable(this.#status);
    return this.probe(command);
  }

  /** Runs a command whatever the state is. */
  async probe<Result>(command: () => Promise<Result>): Promise<Result> {
    try {
      const result = await command();
      this.up();
      return result;
    } catch (error) {
      this.down(error);
      if (!isRefusal(error)) throw unavailable(this.#status);
      const cause = copyError(error);
      throw new LimeError('CLUSTER_REFUSED', `Redis refuses a command: ${cause.message}`, {
        cause,
      });
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
  const reason = lastError ? ` (${textOf(lastError)})` : '';
  return new LimeError('CLUSTER_UNAVAILABLE', `Redis is ${state}${reason}`, { cause: lastError });
}

/** Node gives an error with several reasons an empty message. */
function textOf(error: Error): string {
  return error.message || String(Reflect.get(error, 'code') ?? error.name);
}
