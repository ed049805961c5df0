import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { ApiError, reasonOf } from '../errors/index.js';

/** Status calls at a time; each worker makes one every {@link PACE_MS} at most: 50 calls a second in all. */
const WORKERS = 5;
const PACE_MS = 100;

/** What LIME says of a request. */
export type RequestStatus =
  | 'pending'
  | 'approved'
  | 'expired'
  /** LIME does not have the request. */
  | 'unknown'
  /** LIME does not have the call. */
  | 'unsupported'
  /** No answer that counts; a proxy's word does not. */
  | 'unavailable';

export interface StatusCallOptions {
  /** The status of a request on the platform. */
  statusOf: (requestId: string) => Promise<string>;
  clock: Clock;
  logger: LimeLogger;
}

/** Asks LIME for the status of a request. Never rejects. */
export async function requestStatus(
  requestId: string,
  { statusOf, logger }: StatusCallOptions,
): Promise<RequestStatus> {
  try {
    const status = await statusOf(requestId);
    if (/^(APPROVED|DELIVERED)$/i.test(status)) return 'approved';
    return /EXPIRED|TIMED?_?OUT/i.test(status) ? 'expired' : 'pending';
  } catch (error) {
    logger.debug(`No status of ${requestId}: ${reasonOf(error)}`);
    if (!(error instanceof ApiError)) return 'unavailable';
    if (error.code === 'SITE_LOGIN_REQUEST_NOT_FOUND') return 'unknown';
    return [404, 405, 501].includes(error.httpStatus ?? 0) ? 'unsupported' : 'unavailable';
  }
}

/**
 * Takes one request after another from the queue until it is empty, or `signal` aborts. Paced, so that thousands of calls do not reach LIME at once.
 * @param work done for each; never rejects.
 */
export async function forEachPaced(
  queue: string[],
  work: (requestId: string) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const worker = async () => {
    for (let id = queue.shift(); id !== undefined && !signal.aborted; id = queue.shift()) {
      await work(id);
      await sleep(clock, PACE_MS, signal);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}
