import { channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type {
  LimeHandlerMessage,
  LimeHttpMessage,
  LimeLoginMessage,
  LimeVerifyMessage,
} from './messages.js';

/**
 * The names of the channels of `node:diagnostics_channel` on which this module tells what it does. All but `connection` are
 * tracing channels; see `docs/observability.md`. Channels are the process's: `site` in each message tells sites apart.
 */
export const LIME_CHANNELS = {
  login: 'nestjs-lime-sites:login',
  handler: 'nestjs-lime-sites:handler',
  verify: 'nestjs-lime-sites:verify',
  http: 'nestjs-lime-sites:http',
  connection: 'nestjs-lime-sites:connection',
} as const;

/** A tracing channel whose messages are of one type. */
export type ChannelOf<Message extends object> = TracingChannel<unknown, Message>;

export const loginChannel = tracingChannel<unknown, LimeLoginMessage>(LIME_CHANNELS.login);
export const handlerChannel = tracingChannel<unknown, LimeHandlerMessage>(LIME_CHANNELS.handler);
export const verifyChannel = tracingChannel<unknown, LimeVerifyMessage>(LIME_CHANNELS.verify);
export const httpChannel = tracingChannel<unknown, LimeHttpMessage>(LIME_CHANNELS.http);
/** A plain channel: a change has no length. */
export const connectionChannel = channel(LIME_CHANNELS.connection);
