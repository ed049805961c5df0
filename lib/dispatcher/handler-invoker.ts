import type { Clock } from '../common/clock.js';
import type { LimeLogger } from '../common/logger.js';
import { handlerChannel } from '../diagnostics/channels.js';
import type { LimeHandlerMessage } from '../diagnostics/channels.js';
import { Operation } from '../diagnostics/operation.js';
import { copyError, LimeError, reasonOf } from '../errors/index.js';
import type {
  LimeHandlerContext,
  LimeHandlerFailure,
  LimeLoginEvent,
} from '../interfaces/login-events.interface.js';
import type { LimeStats } from '../interfaces/stats.interface.js';
import type { RegisteredHandler } from './handler-registry.js';

export interface HandlerInvokerOptions {
  /** The name of the site. */
  site: string;
  /** In milliseconds. */
  handlerTimeoutMs: number;
  /** What must not appear in a reason. */
  secrets: readonly string[];
  stats: LimeStats;
  clock: Clock;
  logger: LimeLogger;
}

/** A failure with what the handler threw, for tracing. */
export interface HandlerFailure extends LimeHandlerFailure {
  readonly error: unknown;
}

/** What went wrong, if anything did. */
type Result = HandlerFailure | undefined;

/** Invokes handlers one at a time, each shielded from the others: an error is logged, counted, and affects no other handler. */
export class HandlerInvoker {
  readonly #options: HandlerInvokerOptions;
  /** The invocations that are not done, with their name for the log. */
  readonly #running = new Map<Invocation, string>();

  constructor(options: HandlerInvokerOptions) {
    this.#options = options;
  }

  /**
   * Calls the handler.
   * @param signal aborts the invocation.
   * @returns the failure, if any. A promise, which never rejects, only for a handler that is not done yet: one that is frees its
   * slot at once, so that the next login of a burst reaches its handler before it is published.
   */
  invoke(
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal?: AbortSignal,
  ): Result | Promise<Result> {
    if (!handlerChannel.hasSubscribers) return this.#invoke(handler, event, signal);
    const { requestId, type } = event;
    const message = { site: this.#options.site, requestId, type, handler: handler.name };
    const operation = new Operation<LimeHandlerMessage>(handlerChannel, message);
    const finish = (failure: Result) => {
      operation.finish(failure && { error: failure.error });
      return failure;
    };
    const result = operation.run(() => this.#invoke(handler, event, signal));
    return result instanceof Promise ? result.then(finish) : finish(result);
  }

  /** Aborts the handlers that are running. @returns what they were doing, for the log. */
  abortAll(): string[] {
    const names = [...this.#running.values()];
    const reason = 'the application is shutting down (shutdownTimeoutMs)';
    for (const invocation of this.#running.keys()) {
      invocation.abort(new LimeError('SHUTTING_DOWN', reason));
    }
    return names;
  }

  #invoke(
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal: AbortSignal | undefined,
  ): Result | Promise<Result> {
    const invocation = new Invocation();
    try {
      const result = handler.handle(event, new HandlerContext(this.#options.site, invocation));
      if (!isThenable(result)) return undefined;
      return this.#follow(result, invocation, handler, event, signal);
    } catch (error) {
      return this.#onFailure(handler, event, error);
    }
  }

  async #follow(
    result: PromiseLike<unknown>,
    invocation: Invocation,
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const { handlerTimeoutMs, clock } = this.#options;
    const onAbort = () => invocation.abort(takenOver(signal?.reason));
    const cancelTimeout = clock.schedule(() => {
      const reason = `no result within ${handlerTimeoutMs} ms (handlerTimeoutMs)`;
      invocation.abort(new LimeError('HANDLER_TIMEOUT', reason));
    }, handlerTimeoutMs);
    this.#running.set(invocation, `${handler.name} for ${event.requestId}`);
    signal?.addEventListener('abort', onAbort);
    try {
      await Promise.race([result, invocation.whenAborted()]);
      return undefined;
    } catch (error) {
      return this.#onFailure(handler, event, error);
    } finally {
      cancelTimeout();
      signal?.removeEventListener('abort', onAbort);
      this.#running.delete(invocation);
    }
  }

  #onFailure(
    { name }: RegisteredHandler,
    { type, requestId }: LimeLoginEvent,
    error: unknown,
  ): HandlerFailure {
    const { stats, logger, secrets } = this.#options;
    const reason = reasonOf(error, secrets);
    stats.handlerErrors++;
    logger.error(`Handler ${name} failed for ${type} ${requestId}: ${reason}`, error);
    return { handler: name, reason, error };
  }
}

/** One call of one handler, which can be abandoned. */
class Invocation {
  #reject: (reason: LimeError) => void = () => undefined;
  #abortReason: LimeError | undefined;
  #controller: AbortController | undefined;

  /** Rejects when the invocation is aborted. */
  whenAborted(): Promise<never> {
    return new Promise((_, reject) => {
      this.#reject = reject;
    });
  }

  /** Created on demand: few handlers read it, and it costs more than the rest of a delivery. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason) this.#controller.abort(this.#abortReason);
    return this.#controller.signal;
  }

  /** Aborts the signal and stops waiting for the handler. */
  abort(reason: LimeError): void {
    this.#abortReason = reason;
    this.#controller?.abort(reason);
    this.#reject(reason);
  }
}

class HandlerContext implements LimeHandlerContext {
  readonly #invocation: Invocation;
  readonly #site: string;

  constructor(site: string, invocation: Invocation) {
    this.#site = site;
    this.#invocation = invocation;
  }

  get site(): string {
    return this.#site;
  }

  get signal(): AbortSignal {
    return this.#invocation.signal;
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

function takenOver(cause: unknown): LimeError {
  const message = 'another replica takes this login over';
  return new LimeError('LOGIN_TAKEN_OVER', message, { cause: copyError(cause) });
}
