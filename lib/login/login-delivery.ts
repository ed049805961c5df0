import { LimeError } from '../errors/index.js';
import type { Clock, LimeLogger } from '../ports/index.js';
import type { HandlerRegistry, RegisteredHandler } from './handler-registry.js';
import { HandlerRun } from './handler-run.js';
import type { InHand } from './in-hand.js';
import type { LimeLoginEvent } from './login-event.js';
import type { LimeStats } from './login-stats.js';

export interface LoginDeliveryOptions {
  handlers: HandlerRegistry;
  inHand: InHand;
  /** Logins whose handlers run at once. */
  concurrency: number;
  /** Per handler, in milliseconds. */
  handlerTimeoutMs: number;
  stats: LimeStats;
  clock: Clock;
  logger: LimeLogger;
}

/**
 * Brings events to the handlers: several logins at once, the handlers of one login one after another, each shielded
 * from the others' failures.
 */
export class LoginDelivery {
  readonly #options: LoginDeliveryOptions;
  readonly #queue: LimeLoginEvent[] = [];
  readonly #running = new Map<HandlerRun, string>();
  #busySlots = 0;

  constructor(options: LoginDeliveryOptions) {
    this.#options = options;
  }

  /** Starts the handlers now if a slot is free, or when one gets free. The event leaves the hand when they are done. */
  deliver(event: LimeLoginEvent): void {
    if (this.#busySlots < this.#options.concurrency) void this.#handle(event);
    else this.#queue.push(event);
  }

  /**
   * Ends the waiting at shutdown: aborts the handlers that still run and drops what no handler has seen.
   * @returns what was cut short, for the log.
   */
  giveUp(): { running: string[]; undelivered: string[] } {
    const running = [...this.#running.values()];
    const undelivered = this.#queue.splice(0).map(({ requestId }) => requestId);
    for (const _ of undelivered) this.#options.inHand.leave();
    const reason = new LimeError(
      'SHUTTING_DOWN',
      'the application is shutting down (shutdownTimeoutMs)',
    );
    for (const run of this.#running.keys()) run.abort(reason);
    return { running, undelivered };
  }

  async #handle(event: LimeLoginEvent): Promise<void> {
    this.#busySlots++;
    for (const handler of this.#options.handlers.for(event)) await this.#run(handler, event);
    this.#busySlots--;
    this.#options.inHand.leave();
    const next = this.#queue.shift();
    if (next) void this.#handle(next);
  }

  /** Never rejects. */
  async #run(handler: RegisteredHandler, event: LimeLoginEvent): Promise<void> {
    const { handlerTimeoutMs, clock, stats, logger } = this.#options;
    const run = new HandlerRun();
    this.#running.set(run, `${handler.name} for ${event.requestId}`);
    try {
      await run.run(handler, event, handlerTimeoutMs, clock);
    } catch (error) {
      stats.handlerErrors++;
      logger.error(`${handler.name} failed for the ${event.type} login ${event.requestId}`, error);
    } finally {
      this.#running.delete(run);
    }
  }
}
