import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import type { LimeLogger } from '../common/logger.js';
import { readThrown } from '../errors/index.js';
import type { LimeClusterReplica, LimeClusterResult } from '../interfaces/cluster.interface.js';
import type { LimeHandlerFailure } from '../interfaces/login-events.interface.js';
import type { ClusterPackages } from './cluster-packages.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import { type LoginJob, QUEUE_NAME } from './login-queue.js';
import { type OutcomeStore, withoutPassport } from './outcome-store.js';
import type { RedisClient } from './redis-clients.js';
import { isRefusal } from './redis-health.js';
import type { RedisKeys } from './redis-keys.js';

/** While Redis is away, between two attempts to write to it. */
const RETRY_PAUSE_MS = 250;
/** How long BullMQ has for its last commands once no handler is running. */
const CLOSING_MS = 100;
/** An approval that has to wait for the handlers of a local expiry is looked at again after this. */
const POSTPONE_MS = 100;
/** A login that was taken over more often is likely to be what kills the replicas. */
const MAX_TAKEOVERS = 20;

export interface LoginWorkerParts {
  packages: ClusterPackages;
  client: RedisClient;
  keys: RedisKeys;
  options: ResolvedClusterOptions;
  concurrency: number;
  store: OutcomeStore;
  replica: LimeClusterReplica;
  onError: (error: Error) => void;
  logger: LimeLogger;
}

/** A failed attempt, for BullMQ. Its message ends up in Redis, so it holds reasons without secrets only. */
class HandlersFailed extends Error {
  constructor(readonly failed: readonly LimeHandlerFailure[]) {
    super(reasonsOf(failed));
    this.name = 'HandlersFailed';
  }
}

/** Takes logins from the queue and has this replica handle them. */
export class LoginWorker {
  readonly #parts: LoginWorkerParts;
  readonly #worker: Worker<LoginJob>;
  #draining: Promise<void> | undefined;
  #inFlight = 0;
  #onIdle = (): void => undefined;
  #deadlinePassed = false;

  constructor(parts: LoginWorkerParts) {
    const { packages, client, keys, options, concurrency, onError, logger } = parts;
    this.#parts = parts;
    this.#worker = new packages.bullmq.Worker<LoginJob>(
      QUEUE_NAME,
      // BullMQ passes a signal only to a function that names it as its third parameter.
      (job, token, signal) => this.#take(job, token, signal),
      {
        connection: client,
        prefix: keys.base,
        concurrency,
        autorun: false,
        lockDuration: options.takeoverMs,
        stalledInterval: options.takeoverMs / 2,
        maxStalledCount: MAX_TAKEOVERS,
        runRetryDelay: 1_000,
      },
    );
    this.#worker.on('error', onError);
    this.#worker.on('stalled', (id) => logger.warn(`Taking over ${id}: its replica died`));
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#worker.cancelJob(id, 'the lock on this login was lost');
    });
    this.#worker.on('failed', (job, error) => void this.#onFailed(job, error));
    void this.#run();
  }

  async #run(): Promise<void> {
    await this.#parts.replica.whenStarted;
    if (!this.#draining) await this.#worker.run().catch(this.#parts.onError);
  }

  /** Takes no more logins; waits for those in flight until `deadline` aborts, and then leaves them to other replicas. */
  drain(deadline: AbortSignal): Promise<void> {
    this.#draining ??= this.#drain(deadline);
    return this.#draining;
  }

  async #drain(deadline: AbortSignal): Promise<void> {
    const overdue = this.#whenOverdue(deadline);
    await this.#worker.pause(true);
    // Once no handler is running, BullMQ gets a moment to write the result, and a job on its way gets one to arrive. A result that
    // cannot be written is known as done to the replica that takes the job over. Waiting for BullMQ's own close could mean waiting
    // for a connection that is being opened again.
    do {
      await Promise.race([this.#whenIdle(), overdue]);
      await Promise.race([sleep(CLOSING_MS), overdue]);
    } while (this.#inFlight > 0 && !this.#deadlinePassed);
    await this.#worker.close(true);
  }

  #whenOverdue(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const onAbort = () => {
        this.#deadlinePassed = true;
        resolve();
      };
      if (deadline.aborted) onAbort();
      deadline.addEventListener('abort', onAbort, { once: true });
    });
  }

  #whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#inFlight === 0) resolve();
    });
  }

  async #take(
    job: Job<LoginJob>,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#inFlight++;
    try {
      await this.#process(job, token, signal);
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#onIdle();
    }
  }

  async #process(
    job: Job<LoginJob>,
    token: string | undefined,
    signal = new AbortController().signal,
  ): Promise<void> {
    const { store, replica } = this.#parts;
    const { outcome, done } = job.data;
    const claim = await this.#write(() => store.claimOutcome(outcome));
    if (claim === 'later') return this.#postpone(job, token);
    if (claim !== 'mine') return this.#removePassport(job);
    const handling = replica.handle(outcome, { done, signal });
    // The first handler has been called: its synchronous part is done when a waiting page gets the outcome.
    const published = this.#write(() => store.publish(outcome));
    const result = await handling;
    await published;
    if (result.failed.length > 0) return this.#fail(job, result);
    await this.#write(() => store.release(outcome, 'done'));
    await this.#removePassport(job);
  }

  /** Retries while Redis is away, which costs the login none of its attempts. A command that Redis refuses for good fails. */
  async #write<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (this.#deadlinePassed) return never();
        if (isRefusal(error)) throw error;
        this.#parts.logger.debug(`Redis did not take a write yet: ${readThrown(error).message}`);
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  /** Costs none of the attempts, and frees the slot. */
  async #postpone(job: Job<LoginJob>, token: string | undefined): Promise<never> {
    await job.moveToDelayed(Date.now() + POSTPONE_MS, token);
    throw new this.#parts.packages.bullmq.DelayedError();
  }

  async #fail(job: Job<LoginJob>, { done, failed }: LimeClusterResult): Promise<never> {
    if (this.#deadlinePassed) return never(); // its lock expires, and another replica starts over
    const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const { outcome } = job.data;
    await this.#write(() => this.#parts.store.release(outcome, 'idle'));
    await job.updateData({ outcome: last ? withoutPassport(outcome) : outcome, done });
    throw new HandlersFailed(failed);
  }

  async #removePassport(job: Job<LoginJob>): Promise<void> {
    const { outcome, done } = job.data;
    if (outcome.type === 'expired' || outcome.passport === undefined) return;
    await job.updateData({ outcome: withoutPassport(outcome), done });
  }

  /** After each failed attempt; also for a login whose replicas died too often. */
  async #onFailed(job: Job<LoginJob> | undefined, error: Error): Promise<void> {
    const { replica, store, logger } = this.#parts;
    if (!job) return;
    const isFinal =
      error.name === 'UnrecoverableError' || job.attemptsMade >= (job.opts.attempts ?? 1);
    if (!isFinal) return;
    const { outcome } = job.data;
    const failed =
      error instanceof HandlersFailed
        ? error.failed
        : [{ handler: 'unknown', reason: readThrown(error).message }];
    logger.error(
      `Login ${outcome.requestId} (${outcome.type}) failed after ${job.attemptsMade} attempts (${reasonsOf(failed)}); ` +
        `its job ${job.id} stays among the failed ones`,
    );
    replica.onFailed(outcome, failed, job.attemptsMade);
    try {
      await this.#write(() => store.release(outcome, 'idle')); // its replicas may have died before they could
      await this.#removePassport(job);
    } catch (cause) {
      logger.debug(`Redis did not take the end of ${job.id}: ${readThrown(cause).message}`);
    }
  }
}

function reasonsOf(failed: readonly LimeHandlerFailure[]): string {
  return failed.map(({ handler, reason }) => `${handler}: ${reason}`).join('; ');
}

/** For a login that is left to another replica: BullMQ must get neither a result nor a failure. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
