import { type Clock, sleep } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import type { LoginDelivery } from './local-delivery.js';

/** Above this number of logins in flight the stream is not read. */
const HIGH_WATER_MARK = 1024;
/** Reading resumes at this number. */
const LOW_WATER_MARK = 512;
/** At most this many logins are suspended at once. Further ones stay in flight and so hold the stream up. */
const MAX_SUSPENDED = 10_000;

/** Counts the logins between the stream and the end of their last handler: back-pressure for a burst, and drain at shutdown. */
export class InFlight {
  #count = 0;
  #suspended = 0;
  readonly #waitingForCapacity: (() => void)[] = [];
  readonly #waitingForDrain: (() => void)[] = [];

  add(): void {
    this.#count++;
  }

  remove(): void {
    this.#count--;
    this.#wake();
  }

  /**
   * Takes a login that can only wait out of the count, so that it does not keep others from being read.
   * @returns the function that counts it again.
   */
  suspend(): () => void {
    if (this.#suspended >= MAX_SUSPENDED) return () => undefined;
    this.#suspended++;
    this.remove();
    return () => {
      this.#suspended--;
      this.add();
    };
  }

  /** Resolves when more logins can be read; `undefined` if that is now. */
  whenReady(): Promise<void> | undefined {
    if (this.#count < HIGH_WATER_MARK) return undefined;
    return new Promise((resolve) => this.#waitingForCapacity.push(resolve));
  }

  /** Resolves when no login is in flight or suspended. */
  whenDrained(): Promise<void> {
    if (this.#count + this.#suspended === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForDrain.push(resolve));
  }

  #wake(): void {
    if (this.#count <= LOW_WATER_MARK) wakeAll(this.#waitingForCapacity);
    if (this.#count + this.#suspended === 0) wakeAll(this.#waitingForDrain);
  }
}

function wakeAll(sleepers: (() => void)[]): void {
  if (sleepers.length === 0) return;
  for (const wake of sleepers.splice(0)) wake();
}

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
