import { createHash } from 'node:crypto';
import type { JobsOptions, Queue } from 'bullmq';
import type { LoginOutcome } from '../interfaces/cluster.interface.js';
import type { ClusterPackages } from './cluster-packages.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';

/** The name of the queue in tools for BullMQ. */
export const QUEUE_NAME = 'logins';
/** The share of each backoff that is jitter. */
const JITTER = 0.5;

/** The data of a job. */
export interface LoginJob {
  readonly outcome: LoginOutcome;
  /** Handlers that succeeded in earlier attempts. */
  readonly done: readonly string[];
}

/** Adds outcomes to the queue from which some replica handles them. */
export class LoginQueue {
  readonly #queue: Queue<LoginJob>;
  readonly #keys: RedisKeys;
  readonly #options: JobsOptions;
  readonly #keepFailedMs: number;

  constructor(
    { bullmq }: ClusterPackages,
    client: RedisClient,
    keys: RedisKeys,
    { attempts, backoffMs, rememberMs, keepFailedMs }: ResolvedClusterOptions,
    onError: (error: Error) => void,
  ) {
    this.#keys = keys;
    this.#keepFailedMs = keepFailedMs;
    this.#options = {
      attempts,
      backoff: { type: 'exponential', delay: backoffMs, jitter: JITTER },
      removeOnComplete: { age: Math.ceil(rememberMs / 1000) },
      removeOnFail: { age: Math.ceil(keepFailedMs / 1000) },
      stackTraceLimit: 0, // a thrown value may hold anything
    };
    this.#queue = new bullmq.Queue(QUEUE_NAME, { connection: client, prefix: keys.base });
    this.#queue.on('error', onError);
  }

  /** Resolves when Redis has it. A job that is there already, in whatever state, stays as it is. */
  async add(outcome: LoginOutcome): Promise<void> {
    const jobId = jobIdOf(this.#keys.siteKey, outcome);
    await this.#queue.add(outcome.type, { outcome, done: [] }, { ...this.#options, jobId });
  }

  /** BullMQ removes a failed job only when the next one fails; this removes those that are older than `keepFailedMs`. */
  async removeOldFailures(): Promise<void> {
    await this.#queue.clean(this.#keepFailedMs, 1_000, 'failed');
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** The same on every replica, so that the frames of all streams make one job. BullMQ does not allow a colon in it. */
function jobIdOf(siteKey: string, { type, requestId }: LoginOutcome): string {
  const digest = createHash('sha256').update(`${siteKey}\n${requestId}\n${type}`);
  return `${type}-${digest.digest('hex').slice(0, 32)}`;
}
