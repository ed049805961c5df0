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
    this.#queue.push(event);
    this.#fillSlots();
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

  #fillSlots(): void {
    while (this.#busySlots < this.#options.concurrency) {
      const event = this.#queue.shift();
      if (!event) return;
      this.#busySlots++;
      this.#runFrom(0, this.#options.handlers.for(event), event);
    }
  }

  /** Runs as many handlers as finish at once, and goes on after each one that does not. */
  #runFrom(first: number, handlers: readonly RegisteredHandler[], event: LimeLoginEvent): void {
    for (const [index, handler] of handlers.entries()) {
      const pending = index < first ? undefined : this.#run(handler, event);
      if (!pending) continue;
      void pending.then(() => {
        this.#runFrom(index + 1, handlers, event);
        this.#fillSlots();
      });
      return;
    }
    this.#busySlots--;
    this.#options.inHand.leave();
  }

  /** @returns a promise that never rejects, or `undefined` if the handler was done at once. */
  #run(handler: RegisteredHandler, event: LimeLoginEvent): Promise<void> | undefined {
    const { handlerTimeoutMs, clock } = this.#options;
    const run = new HandlerRun();
    try {
      const pending = run.start(handler, event, handlerTimeoutMs, clock);
      if (!pending) return undefined;
      this.#running.set(run, `${handler.name} for ${event.requestId}`);
      return pending
        .catch((error: unknown) => this.#report(handler, event, error))
        .finally(() => this.#running.delete(run));
    } catch (error) {
      this.#report(handler, event, error);
      return undefined;
    }
  }

  #report({ name }: RegisteredHandler, { type, requestId }: LimeLoginEvent, error: unknown): void {
    this.#options.stats.handlerErrors++;
    this.#options.logger.error(`${name} failed for the ${type} login ${requestId}`, error);
  }
}
