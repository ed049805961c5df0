import { AsyncResource } from 'node:async_hooks';
import {
  type ChannelOf,
  type LimeLoginMessage,
  type LimeLoginResult,
  type LimeTraceMessage,
  loginChannel,
} from './channels.js';

/**
 * One operation on a tracing channel. It publishes the events of Node's `TracingChannel.tracePromise`, but serves work
 * that passes through callbacks and queues, and leaves out the result, which may be confidential.
 */
export class Operation<Message extends LimeTraceMessage> {
  readonly #channel: ChannelOf<Message>;
  readonly #message: Message;
  /** Keeps the stores that subscribers bound to the start. */
  readonly #scope: AsyncResource;

  /** Publishes the start. Costs time and memory, so create one only if the channel has subscribers. */
  constructor(channel: ChannelOf<Message>, message: Message) {
    this.#channel = channel;
    this.#message = message;
    this.#scope = channel.start.runStores(message, () => new AsyncResource('LimeOperation'));
    this.run(() => channel.end.publish(message));
  }

  /** Runs a part of the work in the context of the operation, from any caller. */
  run<Result>(work: () => Result): Result {
    return this.#scope.runInAsyncScope(work);
  }

  /** Publishes the end. @param details fields to add to the message; an `error` among them makes the operation a failure. */
  finish(details: Partial<Message> = {}): void {
    const message = Object.assign(this.#message, details);
    this.run(() => {
      if ('error' in details) this.#channel.error.publish(message);
      this.#channel.asyncStart.publish(message);
      this.#channel.asyncEnd.publish(message);
    });
  }
}

/**
 * Runs asynchronous work as one operation of a channel; without subscribers it only runs the work.
 * @param describe creates the message; not called without subscribers.
 * @param work gets the message, if there is one, to add fields to it.
 */
export function traced<Message extends LimeTraceMessage, Result>(
  channel: ChannelOf<Message>,
  describe: () => Message,
  work: (message?: Message) => Promise<Result>,
): Promise<Result> {
  return channel.hasSubscribers ? tracedWork(channel, describe(), work) : work();
}

async function tracedWork<Message extends LimeTraceMessage, Result>(
  channel: ChannelOf<Message>,
  message: Message,
  work: (message?: Message) => Promise<Result>,
): Promise<Result> {
  const operation = new Operation(channel, message);
  try {
    const result = await operation.run(() => work(message));
    operation.finish();
    return result;
  } catch (error) {
    operation.finish({ error } as Partial<Message>);
    throw error;
  }
}

/** Traces one login through this process. */
export interface LoginTrace {
  /** Runs a part of the work in the context of this login, so that concurrent logins do not mix. */
  run<Result>(work: () => Result): Result;
  /** Ends the trace. @param error the reason of `failed` and `rejected`. */
  end(result: LimeLoginResult, ...error: [error?: unknown]): void;
}

/** The trace of all logins while the channel has no subscribers. */
const NO_TRACE: LoginTrace = { run: (work) => work(), end: () => undefined };

/** Starts the trace of a login. */
export function traceLogin(
  site: string,
  requestId: string,
  type: LimeLoginMessage['type'],
  source: LimeLoginMessage['source'],
): LoginTrace {
  if (!loginChannel.hasSubscribers) return NO_TRACE;
  const message = { site, requestId, type, source };
  const operation = new Operation<LimeLoginMessage>(loginChannel, message);
  return {
    run: (work) => operation.run(work),
    end: (result, ...thrown) =>
      operation.finish({ result, ...(thrown.length > 0 && { error: thrown[0] }) }),
  };
}
