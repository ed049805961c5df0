import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { InFlight } from './in-flight.js';
import type { LoginDelivery } from './local-delivery.js';

export interface ShutdownOptions {
  shutdownTimeoutMs: number;
  clock: Clock;
  logger: LimeLogger;
}

/** Waits until the logins in flight are delivered, at most until the shutdown deadline, and logs what that interrupted. */
export async function shutDown(
  delivery: LoginDelivery,
  inFlight: InFlight,
  { shutdownTimeoutMs, clock, logger }: ShutdownOptions,
): Promise<void> {
  const deadline = new AbortController();
  const done = new AbortController();
  const drained = drain(delivery, inFlight, deadline.signal, logger).then(() => done.abort());
  await Promise.race([drained, sleep(clock, shutdownTimeoutMs, done.signal)]);
  deadline.abort();
  const { running, notStarted, undelivered } = delivery.stop();
  const within = `within ${shutdownTimeoutMs} ms (shutdownTimeoutMs)`;
  if (running.length > 0) {
    logger.warn(`Aborted handlers that were not done ${within}: ${running.join(', ')}`);
  }
  if (notStarted.length > 0) {
    logger.error(`Handlers that did not start ${within}: ${notStarted.join(', ')}`);
  }
  if (undelivered.length > 0) {
    logger.error(`Logins that no handler received before shutdown: ${undelivered.join(', ')}`);
  }
}

/** First the logins in flight are delivered, then the handlers that are still running are awaited. */
async function drain(
  delivery: LoginDelivery,
  inFlight: InFlight,
  deadline: AbortSignal,
  logger: LimeLogger,
): Promise<void> {
  await Promise.race([inFlight.whenDrained(), aborted(deadline)]);
  await delivery.drain(deadline).catch((error: unknown) => {
    logger.error('The cluster did not drain', error);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
