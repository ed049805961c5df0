import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Worker } from 'bullmq';
import type { LimeClusterReplica } from '../interfaces/cluster.interface.js';
import type { LimeLogger } from '../common/logger.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import { HandlersFailed } from './handlers-failed.error.js';
import { type LoginJob, QUEUE_NAME } from './login-queue.js';
import type { ClusterPackages } from './packages.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';
import { type Settlements, withoutPassport } from './settlements.js';

/** While Redis is away, between two tries to tell it something. */
const PERSIST_PAUSE_MS = 250;
/** How long BullMQ has for its last words once no handler is at work. */
const CLOSING_MS = 100;
/** After so long an approval that has to wait for the handlers of a local expiry is looked at again. */
const LATER_MS = 100;
/** A login whose replica died so often is more likely to be what kills them. */
const MAX_TAKEOVERS = 20;

export interface LoginWorkerParts {
  packages: ClusterPackages;
  client: RedisClient;
  keys: RedisKeys;
  options: ResolvedClusterOptions;
  concurrency: number;
  settlements: Settlements;
  replica: LimeClusterReplica;
  onError: (error: Error) => void;
  logger: LimeLogger;
}

/** Takes logins from the queue and has this replica handle them. */
export class LoginWorker {
  readonly #parts: LoginWorkerParts;
  readonly #worker: Worker<LoginJob>;
  #draining: Promise<void> | undefined;
  #inHand = 0;
  #onIdle = (): void => undefined;
  #givenUp = false;

  constructor(parts: LoginWorkerParts) {
    const { packages, client, keys, options, concurrency, onError, logger } = parts;
    this.#parts = parts;
    this.#worker = new packages.bullmq.Worker<LoginJob>(
      QUEUE_NAME,
      // BullMQ hands out a signal only to a function that names it as its third parameter.
      (job, token, signal) => this.#take(job, token, signal),
      {
        connection: client,
        prefix: keys.base,
        concurrency,
        lockDuration: options.takeoverMs,
        stalledInterval: options.takeoverMs / 2,
        maxStalledCount: MAX_TAKEOVERS,
        runRetryDelay: 1_000,
      },
    );
    this.#worker.on('error', onError);
    this.#worker.on('stalled', (id) => logger.warn(`A replica died with ${id}; it is taken over`));
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#worker.cancelJob(id, 'the lock on this login was lost');
    });
    this.#worker.on('failed', (job, error) => void this.#failed(job, error));
  }

  /** Takes no more logins; waits for those in hand until `deadline` aborts, and then leaves them to other replicas. */
  drain(deadline: AbortSignal): Promise<void> {
    this.#draining ??= this.#drain(deadline);
    return this.#draining;
  }

  async #drain(deadline: AbortSignal): Promise<void> {
    const overdue = this.#giveUpAt(deadline);
    await this.#worker.pause(true);
    // Once no handler is at work BullMQ gets a moment to tell Redis so, and what it was just being given gets one to arrive. What
    // cannot be told is known as done by whoever takes it over. Waiting for BullMQ itself would be waiting for a connection that
    // may just be opened again.
    do {
      await Promise.race([this.#whenIdle(), overdue]);
      await Promise.race([sleep(CLOSING_MS), overdue]);
    } while (this.#inHand > 0 && !this.#givenUp);
    await this.#worker.close(true);
  }

  #giveUpAt(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#givenUp = true;
        resolve();
      };
      if (deadline.aborted) giveUp();
      deadline.addEventListener('abort', giveUp, { once: true });
    });
  }

  #whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#inHand === 0) resolve();
    });
  }

  async #take(
    job: Job<LoginJob>,
    token: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#inHand++;
    try {
      await this.#process(job, token, signal);
    } finally {
      this.#inHand--;
      if (this.#inHand === 0) this.#onIdle();
    }
  }

  async #process(
    job: Job<LoginJob>,
    token: string | undefined,
    signal = new AbortController().signal,
  ): Promise<void> {
    const { settlements, replica } = this.#parts;
    const { record, done } = job.data;
    const verdict = await this.#persist(() => settlements.claim(record));
    if (verdict === 'later') return this.#postpone(job, token);
    if (verdict !== 'mine') return this.#forgetPassport(job);
    const handling = replica.handle(record, { done, signal });
    // The first handler has been started: what it does before its first await is done when a waiting page hears.
    const announced = this.#persist(() => settlements.announce(record));
    const result = await handling;
    await announced;
    if (result.failed.length > 0) return this.#fail(job, result);
    await this.#persist(() => settlements.release(record, 'done'));
    await this.#forgetPassport(job);
  }

  /** Redis being away is no fault of the login, so it costs none of its tries. */
  async #persist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (this.#givenUp) return never();
        this.#parts.logger.debug(`Redis could not be told of a login yet: ${String(error)}`);
        await sleep(PERSIST_PAUSE_MS);
      }
    }
  }

  /** Costs none of the tries, and leaves the slot to others. */
  async #postpone(job: Job<LoginJob>, token: string | undefined): Promise<never> {
    await job.moveToDelayed(Date.now() + LATER_MS, token);
    throw new this.#parts.packages.bullmq.DelayedError();
  }

  async #fail(
    job: Job<LoginJob>,
    { done, failed }: Awaited<ReturnType<LimeClusterReplica['handle']>>,
  ): Promise<never> {
    if (this.#givenUp) return never(); // its lock runs out, and another replica begins anew
    const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const { record } = job.data;
    await this.#persist(() => this.#parts.settlements.release(record, 'idle'));
    await job.updateData({ record: last ? withoutPassport(record) : record, done });
    throw new HandlersFailed(failed);
  }

  async #forgetPassport(job: Job<LoginJob>): Promise<void> {
    const { record, done } = job.data;
    if (record.type === 'expired' || record.passport === undefined) return;
    await job.updateData({ record: withoutPassport(record), done });
  }

  /** After each try that failed; also for a login whose replicas died too often. */
  async #failed(job: Job<LoginJob> | undefined, error: Error): Promise<void> {
    const { replica, settlements, logger } = this.#parts;
    if (!job) return;
    const final =
      error.name === 'UnrecoverableError' || job.attemptsMade >= (job.opts.attempts ?? 1);
    if (!final) return;
    const { record } = job.data;
    const failed =
      error instanceof HandlersFailed
        ? error.failed
        : [{ handler: 'unknown', reason: error.message }];
    const reasons = failed.map(({ handler, reason }) => `${handler}: ${reason}`).join('; ');
    logger.error(
      `The ${record.type} login ${record.requestId} was given up after ${job.attemptsMade} tries (${reasons}); ` +
        `its job ${job.id} stays among the failed ones`,
    );
    replica.gaveUp(record, failed, job.attemptsMade);
    await this.#persist(() => settlements.release(record, 'idle')); // its replicas may have died too often to do that
    await this.#forgetPassport(job).catch((cause: unknown) => logger.debug(String(cause)));
  }
}

/** For a login that is left to another replica: BullMQ must hear neither that it is done nor that it has failed. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
