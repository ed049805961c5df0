import { LimeError } from '../errors/index.js';
import type { Clock } from '../common/clock.js';
import type { LimeHandlerContext, RegisteredHandler } from './handler-registry.js';
import type { LimeLoginEvent } from '../interfaces/login-events.interface.js';

export interface HandlerRunOptions {
  /** The name of the site. */
  site: string;
  /** In milliseconds. */
  handlerTimeoutMs: number;
  clock: Clock;
}

/** Runs one handler for one event, for so long and no longer. */
export class HandlerRun {
  readonly #options: HandlerRunOptions;
  /** Few handlers ask for their signal, and it costs more than all else that is done for a login. */
  #controller: AbortController | undefined;
  #abortedFor: LimeError | undefined;
  #giveUp: (error: LimeError) => void = () => undefined;

  constructor(options: HandlerRunOptions) {
    this.#options = options;
  }

  /**
   * Calls the handler.
   * @returns `undefined` if it was done at once; else a promise that rejects with what the handler threw, or with a
   * {@link LimeError} `HANDLER_TIMEOUT`. The handler's `signal` is aborted then, and what it does later is its own affair.
   * @throws what the handler threw at once.
   */
  start({ name, handle }: RegisteredHandler, event: LimeLoginEvent): Promise<void> | undefined {
    const result = handle(event, new HandlerContext(this));
    if (!isThenable(result)) return undefined;
    const { handlerTimeoutMs, clock } = this.#options;
    const cancelTimeout = clock.schedule(() => {
      const reason = `${name} did not finish within ${handlerTimeoutMs} ms (handlerTimeoutMs)`;
      this.abort(new LimeError('HANDLER_TIMEOUT', reason));
    }, handlerTimeoutMs);
    return this.#finished(result).finally(cancelTimeout);
  }

  /** Aborts the handler's signal and stops waiting for it. */
  abort(reason: LimeError): void {
    this.#abortedFor = reason;
    this.#controller?.abort(reason);
    this.#giveUp(reason);
  }

  get site(): string {
    return this.#options.site;
  }

  /** Made when it is asked for. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortedFor) this.#controller.abort(this.#abortedFor);
    return this.#controller.signal;
  }

  async #finished(result: PromiseLike<unknown>): Promise<void> {
    const abandoned = new Promise<never>((_, reject) => {
      this.#giveUp = reject;
    });
    await Promise.race([result, abandoned]);
  }
}

/** What a handler gets to see of its run. */
class HandlerContext implements LimeHandlerContext {
  readonly #run: HandlerRun;

  constructor(run: HandlerRun) {
    this.#run = run;
  }

  get site(): string {
    return this.#run.site;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
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
