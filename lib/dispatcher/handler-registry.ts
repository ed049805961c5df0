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
  #byType: Record<LimeLoginEventType, readonly RegisteredHandler[]> = { approved: [], expired: [] };

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
    this.#use([...this.#handlers, named]);
    return () => this.#use(this.#handlers.filter((other) => other !== named));
  }

  /** The handlers of this event. A registration during the delivery does not change them. */
  for(event: LimeLoginEvent): readonly RegisteredHandler[] {
    return this.#byType[event.type];
  }

  #use(handlers: readonly RegisteredHandler[]): void {
    const of = (type: LimeLoginEventType) =>
      handlers.filter((handler) => handler.type === undefined || handler.type === type);
    this.#handlers = handlers;
    this.#byType = { approved: of('approved'), expired: of('expired') };
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
