// The least that handling logins over BullMQ can be: a queue, a worker, and a handler that does nothing.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { runAtOnce } from '../harness/measure.mjs';
import { WorkDone } from '../harness/work-done.mjs';

const done = new WorkDone();
let queue;
let concurrency;

export async function open(input) {
  concurrency = input.concurrency;
  const connection = new Redis({ path: input.path, maxRetriesPerRequest: null });
  queue = new Queue('bench', { connection });
  const worker = new Worker('bench', async () => done.note(), { connection, concurrency });
  await worker.waitUntilReady();
}

/** Adds a job for each id; as many at once as it handles. */
export async function add({ ids, data, jobId }) {
  const left = [...ids];
  await runAtOnce(ids.length, concurrency, () => {
    const id = left.pop();
    return queue.add('login', { ...data, requestId: id }, jobId ? { jobId: id } : {});
  });
}

export const take = () => done.take();
