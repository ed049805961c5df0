export { createAgent } from './agent.js';
export { errorOf, openEnvelope } from './envelope.js';
export { type HttpAnswer, type HttpCall, HttpTransport, readText } from './http-transport.js';
export { parseRetryAfter } from './retry-after.js';
export { SiteToken } from './site-token.js';
export { transportError } from './transport-error.js';
