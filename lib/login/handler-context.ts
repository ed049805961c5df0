import type { LimeHandlerContext } from './handler-registry.js';

/** What a handler gets beside the event. The signal is made when the handler asks for it. */
export class HandlerContext implements LimeHandlerContext {
  readonly #makeSignal: () => AbortSignal;

  constructor(makeSignal: () => AbortSignal) {
    this.#makeSignal = makeSignal;
  }

  get signal(): AbortSignal {
    return this.#makeSignal();
  }
}
