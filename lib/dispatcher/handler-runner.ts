import { LimeError } from '../errors/index.js';
import type { LimeLogger } from '../common/logger.js';
import { handlerChannel } from '../diagnostics/channels.js';
import type { LimeHandlerMessage } from '../diagnostics/channels.js';
import { Operation } from '../diagnostics/operation.js';
import type { RegisteredHandler } from './handler-registry.js';
import { HandlerRun, type HandlerRunOptions } from './handler-run.js';
import type { LimeLoginEvent } from '../interfaces/login-events.interface.js';
import type { LimeStats } from '../interfaces/stats.interface.js';

export interface HandlerRunnerOptions extends HandlerRunOptions {
  stats: LimeStats;
  logger: LimeLogger;
}

/** What a handler threw. */
export interface HandlerFailure {
  readonly handler: string;
  readonly error: unknown;
}

/** What went wrong, if anything. */
type HandlerOutcome = HandlerFailure | undefined;

/** Runs handlers one by one, each shielded from the others: what one throws is logged, counted, and goes no further. */
export class HandlerRunner {
  readonly #options: HandlerRunnerOptions;
  readonly #running = new Map<HandlerRun, string>();

  constructor(options: HandlerRunnerOptions) {
    this.#options = options;
  }

  /**
   * Calls the handler, which may be done at once.
   * @param signal takes the login away from the handler.
   * @returns what went wrong, if anything; a promise of that, which never rejects, for a handler that is not done yet.
   */
  run(
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal?: AbortSignal,
  ): HandlerOutcome | Promise<HandlerOutcome> {
    return handlerChannel.hasSubscribers
      ? this.#runTraced(handler, event, signal)
      : this.#run(handler, event, signal);
  }

  /** Aborts the handlers that still run. @returns their names, for the log. */
  abortAll(): string[] {
    const names = [...this.#running.values()];
    for (const run of this.#running.keys()) run.abort(shuttingDown());
    return names;
  }

  #runTraced(
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal: AbortSignal | undefined,
  ): HandlerOutcome | Promise<HandlerOutcome> {
    const { requestId, type } = event;
    const message = { site: this.#options.site, requestId, type, handler: handler.name };
    const operation = new Operation<LimeHandlerMessage>(handlerChannel, message);
    const finish = (failure: HandlerOutcome) => {
      operation.finish(failure && { error: failure.error });
      return failure;
    };
    const result = operation.run(() => this.#run(handler, event, signal));
    return result instanceof Promise ? result.then(finish) : finish(result);
  }

  #run(
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal: AbortSignal | undefined,
  ): HandlerOutcome | Promise<HandlerOutcome> {
    const run = new HandlerRun(this.#options);
    try {
      const pending = run.start(handler, event);
      return pending && this.#follow(run, pending, handler, event, signal);
    } catch (error) {
      return this.#report(handler, event, error);
    }
  }

  async #follow(
    run: HandlerRun,
    pending: Promise<void>,
    handler: RegisteredHandler,
    event: LimeLoginEvent,
    signal: AbortSignal | undefined,
  ): Promise<HandlerOutcome> {
    const takeAway = () => run.abort(takenAway(signal?.reason));
    this.#running.set(run, `${handler.name} for ${event.requestId}`);
    signal?.addEventListener('abort', takeAway);
    try {
      await pending;
      return undefined;
    } catch (error) {
      return this.#report(handler, event, error);
    } finally {
      signal?.removeEventListener('abort', takeAway);
      this.#running.delete(run);
    }
  }

  #report(
    { name }: RegisteredHandler,
    { type, requestId }: LimeLoginEvent,
    error: unknown,
  ): HandlerFailure {
    this.#options.stats.handlerErrors++;
    this.#options.logger.error(`${name} failed for the ${type} login ${requestId}`, error);
    return { handler: name, error };
  }
}

function shuttingDown(): LimeError {
  return new LimeError('SHUTTING_DOWN', 'the application is shutting down (shutdownTimeoutMs)');
}

function takenAway(cause: unknown): LimeError {
  return new LimeError('LOGIN_TAKEN_AWAY', 'another replica takes this login over', { cause });
}
