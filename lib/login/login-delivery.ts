import type { HandlerRegistry, RegisteredHandler } from './handler-registry.js';
import type { HandlerFailure, HandlerRunner } from './handler-runner.js';
import type { InHand } from './in-hand.js';
import type { LimeLoginEvent } from './login-event.js';

/** How logins get to the handlers. */
export interface LoginDelivery {
  /** Takes over a login that is in hand, and lets it leave the hand when that is the right moment. Never throws. */
  deliver(event: LimeLoginEvent): void;
  /** No login will come any more. Waits for those that are with their handlers but not in hand. */
  drain(deadline: AbortSignal): Promise<void>;
  /** Ends the waiting at shutdown. @returns what was cut short, for the log. */
  giveUp(): { running: string[]; undelivered: string[] };
}

export interface LocalDeliveryOptions {
  handlers: HandlerRegistry;
  runner: HandlerRunner;
  inHand: InHand;
  /** Logins whose handlers run at once. */
  concurrency: number;
  /** Called once the handlers of a login are through, if some failed. */
  onFailed: (event: LimeLoginEvent, failures: readonly HandlerFailure[]) => void;
}

/**
 * Brings events to the handlers of this process: several logins at once, the handlers of one login one after another.
 * An approval that overrules a local expiry waits for the handlers of that, so that they cannot undo what it does.
 */
export class LocalDelivery implements LoginDelivery {
  readonly #options: LocalDeliveryOptions;
  readonly #queue: LimeLoginEvent[] = [];
  /** Requests that are with their handlers, and what came for them meanwhile. */
  readonly #withHandlers = new Set<string>();
  readonly #behind: LimeLoginEvent[] = [];
  #busySlots = 0;

  constructor(options: LocalDeliveryOptions) {
    this.#options = options;
  }

  /** Starts the handlers now if a slot is free, or when one gets free. The event leaves the hand when they are done. */
  deliver(event: LimeLoginEvent): void {
    this.#queue.push(event);
    this.#fillSlots();
  }

  /** What is with its handlers is in hand here. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  giveUp(): { running: string[]; undelivered: string[] } {
    const events = [...this.#behind.splice(0), ...this.#queue.splice(0)];
    const undelivered = events.map(({ requestId }) => requestId);
    for (const _ of undelivered) this.#options.inHand.leave();
    return { running: this.#options.runner.abortAll(), undelivered };
  }

  #fillSlots(): void {
    while (this.#busySlots < this.#options.concurrency) {
      const event = this.#queue.shift();
      if (!event) return;
      if (this.#withHandlers.has(event.requestId)) {
        this.#behind.push(event);
        continue;
      }
      this.#busySlots++;
      this.#withHandlers.add(event.requestId);
      this.#runFrom(0, this.#options.handlers.for(event), event, []);
    }
  }

  /** Runs as many handlers as finish at once, and goes on after each one that does not. */
  #runFrom(
    first: number,
    handlers: readonly RegisteredHandler[],
    event: LimeLoginEvent,
    failures: HandlerFailure[],
  ): void {
    for (const [index, handler] of handlers.entries()) {
      const result = index < first ? undefined : this.#options.runner.run(handler, event);
      if (!result) continue;
      if (!(result instanceof Promise)) {
        failures.push(result);
        continue;
      }
      void result.then((failure) => {
        if (failure) failures.push(failure);
        this.#runFrom(index + 1, handlers, event, failures);
        this.#fillSlots();
      });
      return;
    }
    this.#busySlots--;
    this.#withHandlers.delete(event.requestId);
    const next = this.#behind.findIndex(({ requestId }) => requestId === event.requestId);
    if (next >= 0) this.#queue.unshift(...this.#behind.splice(next, 1));
    if (failures.length > 0) this.#options.onFailed(event, failures);
    this.#options.inHand.leave();
  }
}
