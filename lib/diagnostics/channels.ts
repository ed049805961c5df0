import { channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { LimeConnectionState } from '../interfaces/connection.interface.js';

/**
 * The names of the module's channels of `node:diagnostics_channel`. All but `connection` are tracing channels; see
 * `docs/observability.md`. All sites of a process share them: `site` in each message names the site.
 */
export const LIME_CHANNELS = {
  login: 'nestjs-lime-sites:login',
  handler: 'nestjs-lime-sites:handler',
  verify: 'nestjs-lime-sites:verify',
  http: 'nestjs-lime-sites:http',
  connection: 'nestjs-lime-sites:connection',
} as const;

/** The fields that all messages of tracing channels share. One object serves an operation from its start to its end. */
export interface LimeTraceMessage {
  /** The name of the site, `default` for the unnamed one; the domain of an MCP server. */
  readonly site: string;
  /** Why the operation failed; set from the event `error` on. */
  error?: unknown;
}

/** A login, from the frame with its outcome to its last handler. */
export interface LimeLoginMessage extends LimeTraceMessage {
  readonly requestId: string;
  readonly type: 'approved' | 'expired';
  /** Where the outcome comes from: a frame of the event stream, or this module, because none came in time. */
  readonly source: 'stream' | 'local';
  /** Set when the operation ends. */
  result?: LimeLoginResult;
}

/**
 * How the module dealt with a login:
 * - `handled`: all handlers have completed
 * - `failed`: all handlers have completed or thrown; `error` is the first one that was thrown
 * - `queued`: the cluster has stored the login, and a replica will handle it
 * - `duplicate`: the request already had an outcome
 * - `rejected`: the passport did not verify; `error` says why
 * - `dropped`: the application shut down before a handler, or the cluster, took the login
 */
export type LimeLoginResult =
  'handled' | 'failed' | 'queued' | 'duplicate' | 'rejected' | 'dropped';

/** One call of one handler for one login. */
export interface LimeHandlerMessage extends LimeTraceMessage {
  readonly requestId: string;
  readonly type: 'approved' | 'expired';
  /** For example `AgentLogins.onLogin`. */
  readonly handler: string;
}

/** One verification of a passport or MCP access token, including the JWKS request if there was one. */
export interface LimeVerifyMessage extends LimeTraceMessage {
  readonly kind: 'login' | 'binding' | 'mcp';
}

/** One HTTP exchange with LIME: each try of a call, and the event stream until its headers arrive. */
export interface LimeHttpMessage extends LimeTraceMessage {
  readonly method: 'GET' | 'POST';
  /** The path below the base URL, with `{id}` in place of ids. */
  readonly route: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The status of the response, if one came. */
  status?: number;
}

/** A change of the event stream's state. */
export interface LimeConnectionMessage {
  readonly site: string;
  readonly previous: LimeConnectionState;
  readonly state: LimeConnectionState;
  /** Attempts since the stream was last open. */
  readonly attempt: number;
  /** Why the last attempt or stream ended. */
  readonly error?: Error;
}

/** A tracing channel whose messages are of one type. */
export type ChannelOf<Message extends object> = TracingChannel<unknown, Message>;

export const loginChannel = tracingChannel<unknown, LimeLoginMessage>(LIME_CHANNELS.login);
export const handlerChannel = tracingChannel<unknown, LimeHandlerMessage>(LIME_CHANNELS.handler);
export const verifyChannel = tracingChannel<unknown, LimeVerifyMessage>(LIME_CHANNELS.verify);
export const httpChannel = tracingChannel<unknown, LimeHttpMessage>(LIME_CHANNELS.http);
/** A plain channel, because a change of state has no duration. */
export const connectionChannel = channel(LIME_CHANNELS.connection);
