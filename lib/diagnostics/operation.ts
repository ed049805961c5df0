import { AsyncResource } from 'node:async_hooks';
import type { ChannelOf } from './channels.js';
import type { LimeTraceMessage } from './messages.js';

/**
 * One operation on a tracing channel: publishes what `TracingChannel.tracePromise` of Node does, but for work that is handed
 * on by callbacks and queues, and without the result, which may hold what is nobody else's business.
 */
export class Operation<Message extends LimeTraceMessage> {
  readonly #channel: ChannelOf<Message>;
  readonly #message: Message;
  /** Holds what subscribers bound to the start. */
  readonly #scope: AsyncResource;

  /** Starts it. Make one only if the channel has subscribers. */
  constructor(channel: ChannelOf<Message>, message: Message) {
    this.#channel = channel;
    this.#message = message;
    this.#scope = channel.start.runStores(message, () => new AsyncResource('LimeOperation'));
    this.run(() => channel.end.publish(message));
  }

  /** Does a part of the work in the context of the operation, wherever it is called from. */
  run<Result>(work: () => Result): Result {
    return this.#scope.runInAsyncScope(work);
  }

  /** Ends it. @param details what is known only now. An `error` among them makes it one that failed. */
  finish(details: Partial<Message> = {}): void {
    const message = Object.assign(this.#message, details);
    this.run(() => {
      if ('error' in details) this.#channel.error.publish(message);
      this.#channel.asyncStart.publish(message);
      this.#channel.asyncEnd.publish(message);
    });
  }
}
