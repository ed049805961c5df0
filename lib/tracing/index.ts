export {
  connectionChannel,
  handlerChannel,
  httpChannel,
  LIME_CHANNELS,
  verifyChannel,
} from './channels.js';
export { type LoginTrace, traceLogin } from './login-trace.js';
export type {
  LimeConnectionMessage,
  LimeHandlerMessage,
  LimeHttpMessage,
  LimeLoginMessage,
  LimeLoginOutcome,
  LimeTraceMessage,
  LimeVerifyMessage,
} from './messages.js';
export { Operation } from './operation.js';
export { traced } from './traced.js';
