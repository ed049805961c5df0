import { LimeError } from '../errors/index.js';
import type {
  LimeLoginEvent,
  LimeLoginEventType,
  LimeLoginHandler,
} from '../interfaces/login-events.interface.js';

export interface RegisteredHandler {
  /** For example `AgentLogins.onLogin`; empty for a function without a name. */
  readonly name: string;
  /** The outcome that it handles; both by default. */
  readonly type?: LimeLoginEventType | undefined;
  readonly handle: LimeLoginHandler;
}

/** The handlers of a site, in the order of their registration. */
export class HandlerRegistry {
  readonly #uniqueNames: boolean;
  #handlers: readonly RegisteredHandler[] = [];

  /** @param uniqueNames whether each handler needs a name of its own, as in a cluster, which records progress by name. */
  constructor(uniqueNames: boolean) {
    this.#uniqueNames = uniqueNames;
  }

  get size(): number {
    return this.#handlers.length;
  }

  /**
   * @returns the function that removes it again; it may be called any number of times, also from the handler.
   * @throws {LimeError} `HANDLER_NAME`: in a cluster a handler needs a unique name.
   */
  add(handler: RegisteredHandler): () => void {
    if (this.#uniqueNames) this.#assertUnique(handler.name);
    const named = { ...handler, name: handler.name || 'onLogin() handler' };
    this.#handlers = [...this.#handlers, named];
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== named);
    };
  }

  /** The handlers of this event. A registration during the delivery does not change them. */
  for(event: LimeLoginEvent): readonly RegisteredHandler[] {
    return this.#handlers.filter(({ type }) => type === undefined || type === event.type);
  }

  #assertUnique(name: string): void {
    if (name === '') {
      throw new LimeError(
        'HANDLER_NAME',
        'onLogin() needs a named function with the option cluster, which records the progress of handlers by name: ' +
          'onLogin(async function openSession(event) { … })',
      );
    }
    if (this.#handlers.every((other) => other.name !== name)) return;
    throw new LimeError(
      'HANDLER_NAME',
      `Two login handlers are named ${name}. With the option cluster, which records the progress of handlers by name, ` +
        'each needs a name of its own: rename the class, the method or the function',
    );
  }
}
