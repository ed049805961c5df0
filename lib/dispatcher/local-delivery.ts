import { isolate, type RootContext } from '../common/root-context.js';
import type { LoginTrace } from '../diagnostics/operation.js';
import type { LimeLoginEvent } from '../interfaces/login-events.interface.js';
import type { HandlerFailure, HandlerInvoker } from './handler-invoker.js';
import type { HandlerRegistry, RegisteredHandler } from './handler-registry.js';
import type { InFlight } from './in-flight.js';

/** How logins get to the handlers. */
export interface LoginDelivery {
  /** Delivers a login that is in flight, and removes it from there in time. Never throws. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void;
  /** Waits for handlers that are running for logins no longer in flight. */
  drain(deadline: AbortSignal): Promise<void>;
  /** The shutdown deadline has passed: aborts what is running and starts no further handler. */
  stop(): InterruptedWork;
}

/** What the shutdown deadline interrupted, for the log. */
export interface InterruptedWork {
  /** Handlers that were running. */
  readonly running: readonly string[];
  /** Handlers that did not start, of logins that another handler had received. */
  readonly notStarted: readonly string[];
  /** Request ids of logins that no handler received. */
  readonly undelivered: readonly string[];
}

export interface LocalDeliveryOptions {
  handlers: HandlerRegistry;
  invoker: HandlerInvoker;
  inFlight: InFlight;
  /** Logins whose handlers run at once. */
  concurrency: number;
  root: RootContext;
  /** Called after the last handler of a login if some failed. */
  onFailed: (event: LimeLoginEvent, failures: readonly HandlerFailure[]) => void;
}

interface QueuedLogin {
  readonly event: LimeLoginEvent;
  readonly trace: LoginTrace;
}

/** A login with handlers that were invoked. */
interface ActiveLogin extends QueuedLogin {
  readonly handlers: readonly RegisteredHandler[];
  /** How many of them were invoked. */
  invoked: number;
  readonly failures: HandlerFailure[];
}

/**
 * Delivers events to the handlers of this process: several logins at once, the handlers of one login one after another.
 * An approval that overrules a local expiry waits for the handlers of that, so that they cannot undo its effect.
 */
export class LocalDelivery implements LoginDelivery {
  readonly #options: LocalDeliveryOptions;
  readonly #queue: QueuedLogin[] = [];
  /** Logins that wait for a handler, by request id. */
  readonly #active = new Map<string, ActiveLogin>();
  /** Logins of requests that are active. */
  readonly #deferred: QueuedLogin[] = [];
  #stopped = false;

  constructor(options: LocalDeliveryOptions) {
    this.#options = options;
  }

  /** Invokes the handlers now if a slot is free, else when one becomes free. Call it in the root context. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void {
    const login = { event, trace };
    if (this.#active.has(event.requestId)) this.#deferred.push(login);
    else if (this.#active.size < this.#options.concurrency) this.#begin(login);
    else this.#queue.push(login);
  }

  /** Logins whose handlers are running are in flight here. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  stop(): InterruptedWork {
    this.#stopped = true;
    const { invoker, inFlight } = this.#options;
    const undelivered = [...this.#deferred.splice(0), ...this.#queue.splice(0)];
    for (const { trace } of undelivered) {
      inFlight.remove();
      trace.end('dropped');
    }
    return {
      notStarted: [...this.#active.values()].flatMap(({ event, handlers, invoked }) =>
        handlers.slice(invoked).map(({ name }) => `${name} for ${event.requestId}`),
      ),
      running: invoker.abortAll(),
      undelivered: undelivered.map(({ event }) => event.requestId),
    };
  }

  #fillSlots(): void {
    while (this.#active.size < this.#options.concurrency) {
      const login = this.#queue.shift();
      if (!login) return;
      this.deliver(login.event, login.trace);
    }
  }

  #begin({ event, trace }: QueuedLogin): void {
    const handlers = this.#options.handlers.for(event);
    const login = { event, trace, handlers, invoked: 0, failures: [] };
    isolate(() => trace.run(() => this.#invokeNext(login)));
  }

  /** Invokes handlers as long as they are done at once, and continues after each one that is not. */
  #invokeNext(login: ActiveLogin): void {
    const { event, handlers, failures } = login;
    while (!this.#stopped) {
      const handler = handlers[login.invoked];
      if (!handler) break;
      login.invoked++;
      const result = this.#options.invoker.invoke(handler, event);
      if (result instanceof Promise) {
        this.#active.set(event.requestId, login);
        void result.then((failure) => {
          if (failure) failures.push(failure);
          this.#invokeNext(login);
          this.#options.root.run(() => this.#fillSlots()); // not in the context of this login
        });
        return;
      }
      if (result) failures.push(result);
    }
    this.#finish(login);
  }

  #finish({ event, trace, failures }: ActiveLogin): void {
    this.#active.delete(event.requestId);
    const next = this.#deferred.findIndex((other) => other.event.requestId === event.requestId);
    if (next >= 0) this.#queue.unshift(...this.#deferred.splice(next, 1));
    if (failures.length > 0) this.#options.onFailed(event, failures);
    this.#options.inFlight.remove();
    if (failures.length === 0) trace.end('handled');
    else trace.end('failed', failures[0]?.error);
  }
}
