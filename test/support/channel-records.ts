import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { useCleanup } from './cleanup.js';

export interface ChannelRecord<Message> {
  readonly event: 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';
  /** A copy of the message at that time. */
  readonly message: Message;
  /** The message object of the operation. */
  readonly identity: object;
}

export interface Recorder {
  /** Records the messages of a tracing channel until the end of the test. */
  tracing<Message extends object>(name: string): ChannelRecord<Message>[];
  /** Does the same for a plain channel. */
  plain<Message extends object>(name: string): Message[];
}

/** Subscribes to channels of `node:diagnostics_channel`, which belong to the process. */
export function useChannelRecords(): Recorder {
  const closeLater = useCleanup();
  return {
    tracing<Message extends object>(name: string) {
      const records: ChannelRecord<Message>[] = [];
      const take = (event: ChannelRecord<Message>['event']) => (message: Message) =>
        void records.push({ event, message: { ...message }, identity: message });
      const listeners = {
        start: take('start'),
        end: take('end'),
        asyncStart: take('asyncStart'),
        asyncEnd: take('asyncEnd'),
        error: take('error'),
      };
      const channel = tracingChannel<unknown, Message>(name);
      channel.subscribe(listeners);
      closeLater(() => channel.unsubscribe(listeners));
      return records;
    },
    plain<Message extends object>(name: string) {
      const messages: Message[] = [];
      const listener = (message: unknown) => void messages.push(message as Message);
      subscribe(name, listener);
      closeLater(() => unsubscribe(name, listener));
      return messages;
    },
  };
}
