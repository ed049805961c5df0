import { LimeError } from '../errors/index.js';
import type { Clock } from '../ports/index.js';
import type { LimeHandlerContext, RegisteredHandler } from './handler-registry.js';
import type { LimeLoginEvent } from './login-event.js';

/** Runs one handler for one event, for so long and no longer. */
export class HandlerRun {
  readonly #controller = new AbortController();
  #giveUp: (error: LimeError) => void = () => undefined;

  /**
   * Resolves when the handler is done.
   * Rejects with what it threw, or with a {@link LimeError} `HANDLER_TIMEOUT`; the handler's `signal` is aborted then,
   * and what it does later is its own affair.
   */
  async run(
    { name, handle }: RegisteredHandler,
    event: LimeLoginEvent,
    timeoutMs: number,
    clock: Clock,
  ): Promise<void> {
    const result = handle(event, this.#context());
    if (!isThenable(result)) return;
    const cancel = clock.schedule(() => {
      const reason = `${name} did not finish within ${timeoutMs} ms (handlerTimeoutMs)`;
      this.abort(new LimeError('HANDLER_TIMEOUT', reason));
    }, timeoutMs);
    const abandoned = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
    });
    try {
      await Promise.race([result, abandoned]);
    } finally {
      cancel();
    }
  }

  /** Aborts the handler's signal and stops waiting for it. */
  abort(reason: LimeError): void {
    this.#controller.abort(reason);
    this.#giveUp(reason);
  }

  #context(): LimeHandlerContext {
    return { signal: this.#controller.signal };
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
