import type { LoginTrace } from '../diagnostics/login-trace.js';
import type { HandlerRegistry, RegisteredHandler } from './handler-registry.js';
import type { HandlerFailure, HandlerRunner } from './handler-runner.js';
import type { InHand } from './in-hand.js';
import type { LimeLoginEvent } from '../interfaces/login-events.interface.js';

/** How logins get to the handlers. */
export interface LoginDelivery {
  /** Takes over a login that is in hand, and lets it leave the hand when that is the right moment. Never throws. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void;
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

interface QueuedLogin {
  readonly event: LimeLoginEvent;
  readonly trace: LoginTrace;
}

/**
 * Brings events to the handlers of this process: several logins at once, the handlers of one login one after another.
 * An approval that overrules a local expiry waits for the handlers of that, so that they cannot undo what it does.
 */
export class LocalDelivery implements LoginDelivery {
  readonly #options: LocalDeliveryOptions;
  readonly #queue: QueuedLogin[] = [];
  /** Requests whose handlers were not done at once, and what came for them meanwhile. */
  readonly #withHandlers = new Set<string>();
  readonly #behind: QueuedLogin[] = [];
  #busySlots = 0;

  constructor(options: LocalDeliveryOptions) {
    this.#options = options;
  }

  /** Starts the handlers now if a slot is free, or when one gets free. The event leaves the hand when they are done. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void {
    this.#queue.push({ event, trace });
    this.#fillSlots();
  }

  /** What is with its handlers is in hand here. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  giveUp(): { running: string[]; undelivered: string[] } {
    const undelivered = [...this.#behind.splice(0), ...this.#queue.splice(0)];
    for (const { trace } of undelivered) {
      this.#options.inHand.leave();
      trace.end('dropped');
    }
    return {
      running: this.#options.runner.abortAll(),
      undelivered: undelivered.map(({ event }) => event.requestId),
    };
  }

  #fillSlots(): void {
    while (this.#busySlots < this.#options.concurrency) {
      const login = this.#queue.shift();
      if (!login) return;
      const { requestId } = login.event;
      if (this.#withHandlers.has(requestId)) {
        this.#behind.push(login);
        continue;
      }
      this.#busySlots++;
      const handlers = this.#options.handlers.for(login.event);
      login.trace.run(() => this.#runFrom(0, handlers, login, []));
    }
  }

  /** Runs as many handlers as finish at once, and goes on after each one that does not. */
  #runFrom(
    first: number,
    handlers: readonly RegisteredHandler[],
    login: QueuedLogin,
    failures: HandlerFailure[],
  ): void {
    const { event, trace } = login;
    for (let index = first; index < handlers.length; index++) {
      const handler = handlers[index] as RegisteredHandler;
      const result = this.#options.runner.run(handler, event);
      if (result instanceof Promise) {
        this.#withHandlers.add(event.requestId);
        void result.then((failure) => {
          if (failure) failures.push(failure);
          this.#runFrom(index + 1, handlers, login, failures);
          this.#fillSlots();
        });
        return;
      }
      if (result) failures.push(result);
    }
    this.#busySlots--;
    this.#withHandlers.delete(event.requestId);
    const next = this.#behind.findIndex((other) => other.event.requestId === event.requestId);
    if (next >= 0) this.#queue.unshift(...this.#behind.splice(next, 1));
    if (failures.length > 0) this.#options.onFailed(event, failures);
    this.#options.inHand.leave();
    if (failures.length === 0) trace.end('handled');
    else trace.end('failed', failures[0]?.error);
  }
}
