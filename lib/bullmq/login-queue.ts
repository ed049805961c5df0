import type { JobsOptions, Queue } from 'bullmq';
import type { LoginRecord } from '../interfaces/login-record.interface.js';
import type { ResolvedClusterOptions } from './cluster-options.js';
import type { ClusterPackages } from './packages.js';
import type { RedisClient } from './redis-clients.js';
import type { RedisKeys } from './redis-keys.js';

/** The name of the queue, as tools for BullMQ show it. */
export const QUEUE_NAME = 'logins';
/** Share of each pause between two tries that is left to chance. */
const JITTER = 0.5;

/** What a job holds. */
export interface LoginJob {
  readonly record: LoginRecord;
  /** Handlers that were done in earlier tries. */
  readonly done: readonly string[];
}

/** Puts outcomes where some replica will handle them. */
export class LoginQueue {
  readonly #queue: Queue<LoginJob>;
  readonly #keys: RedisKeys;
  readonly #options: JobsOptions;

  constructor(
    { bullmq }: ClusterPackages,
    client: RedisClient,
    keys: RedisKeys,
    { attempts, backoffMs, rememberMs, keepFailedMs }: ResolvedClusterOptions,
    onError: (error: Error) => void,
  ) {
    this.#keys = keys;
    this.#options = {
      attempts,
      backoff: { type: 'exponential', delay: backoffMs, jitter: JITTER },
      removeOnComplete: { age: Math.ceil(rememberMs / 1000) },
      removeOnFail: { age: Math.ceil(keepFailedMs / 1000) },
      stackTraceLimit: 0, // what handlers throw may hold anything
    };
    this.#queue = new bullmq.Queue(QUEUE_NAME, { connection: client, prefix: keys.base });
    this.#queue.on('error', onError);
  }

  /** Resolves when Redis has it. What is there already, in whatever state, stays as it is. */
  async add(record: LoginRecord): Promise<void> {
    const jobId = this.#keys.jobId(record);
    await this.#queue.add(record.type, { record, done: [] }, { ...this.#options, jobId });
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
