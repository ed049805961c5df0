import type { LimeLoginEvent, LimeLoginEventType } from '../interfaces/login-events.interface.js';

/** What a handler gets beside the event. Its members are getters, which a copy by spreading would not have. */
export interface LimeHandlerContext {
  /** The name of the site that the login is of; `default` for the one without. */
  readonly site: string;
  /** Aborts when `handlerTimeoutMs` is over, or when the application can wait no longer at shutdown. */
  readonly signal: AbortSignal;
}

/** Called once for each login outcome. May be asynchronous. */
export type LimeLoginHandler<Event extends LimeLoginEvent = LimeLoginEvent> = (
  event: Event,
  context: LimeHandlerContext,
) => unknown;

export interface RegisteredHandler {
  /** For logs, for example `AgentLogins.settle`. */
  readonly name: string;
  /** Which outcomes it wants; left out, all. */
  readonly type?: LimeLoginEventType | undefined;
  readonly handle: LimeLoginHandler;
}

/** The handlers of a site, in the order in which they were registered. */
export class HandlerRegistry {
  #handlers: readonly RegisteredHandler[] = [];

  get size(): number {
    return this.#handlers.length;
  }

  /** @returns the function that removes it again; it may be called any number of times, also from the handler. */
  add(handler: RegisteredHandler): () => void {
    this.#handlers = [...this.#handlers, handler];
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== handler);
    };
  }

  /** Those who want this event now. A change during the delivery does not disturb it. */
  for(event: LimeLoginEvent): readonly RegisteredHandler[] {
    return this.#handlers.filter(({ type }) => type === undefined || type === event.type);
  }
}
