import type { ChannelOf } from './channels.js';
import type { LimeTraceMessage } from './messages.js';
import { Operation } from './operation.js';

/**
 * Does asynchronous work as one operation of a channel; as it is when nobody listens.
 * @param describe makes the message; called only when somebody listens.
 * @param work gets the message, if there is one, to add what it finds out.
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
  work: (message: Message) => Promise<Result>,
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
