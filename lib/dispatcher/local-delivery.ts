import type { RootContext } from '../common/root-context.js';
import type { LoginTrace } from '../diagnostics/login-trace.js';
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

/** A login whose handlers are running. */
interface ActiveLogin extends QueuedLogin {
  readonly remaining: RegisteredHandler[];
  readonly failures: HandlerFailure[];
}

/**
 * Delivers events to the handlers of this process: several logins at once, the handlers of one login one after another.
 * An approval that overrules a local expiry waits for the handlers of that, so that they cannot undo its effect.
 */
export class LocalDelivery implements LoginDelivery {
  readonly #options: LocalDeliveryOptions;
  readonly #queue: QueuedLogin[] = [];
  /** By request id. */
  readonly #active = new Map<string, ActiveLogin>();
  /** Events of requests that are active. */
  readonly #deferred: QueuedLogin[] = [];
  #stopped = false;

  constructor(options: LocalDeliveryOptions) {
    this.#options = options;
  }

  /** Invokes the handlers now if a slot is free, else when one becomes free. */
  deliver(event: LimeLoginEvent, trace: LoginTrace): void {
    this.#queue.push({ event, trace });
    this.#fillSlots();
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
      notStarted: [...this.#active.values()].flatMap(({ event, remaining }) =>
        remaining.map(({ name }) => `${name} for ${event.requestId}`),
      ),
      running: invoker.abortAll(),
      undelivered: undelivered.map(({ event }) => event.requestId),
    };
  }

  #fillSlots(): void {
    while (this.#active.size < this.#options.concurrency) {
      const login = this.#queue.shift();
      if (!login) return;
      const { event, trace } = login;
      if (this.#active.has(event.requestId)) {
        this.#deferred.push(login);
        continue;
      }
      const remaining = [...this.#options.handlers.for(event)];
      const active = { event, trace, remaining, failures: [] };
      this.#active.set(event.requestId, active);
      // Not in the context of the login that freed the slot.
      this.#options.root.run(() => trace.run(() => this.#invokeNext(active)));
    }
  }

  /** Invokes handlers as long as they are done at once, and continues after each one that is not. */
  #invokeNext(login: ActiveLogin): void {
    const { event, remaining, failures } = login;
    while (!this.#stopped) {
      const handler = remaining.shift();
      if (!handler) break;
      const result = this.#options.invoker.invoke(handler, event);
      if (result instanceof Promise) {
        void result.then((failure) => {
          if (failure) failures.push(failure);
          this.#invokeNext(login);
          this.#fillSlots();
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
