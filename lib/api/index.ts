export { ApiClient } from './api-client.js';
export { BindingExchange, isRefusedCode } from './binding-exchange.js';
export { LimeApi } from './lime-api.js';
export type { BindingRequestResult, LoginRequestResult } from './results.js';
