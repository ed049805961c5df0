export type {
  LimeHandlerContext,
  LimeLoginHandler,
  RegisteredHandler,
} from './handler-registry.js';
export { LoginDesk } from './login-desk.js';
export type {
  LimeApprovedEvent,
  LimeExpiredEvent,
  LimeLoginEvent,
  LimeLoginEventType,
  LimeLoginFailure,
  LimeLoginRejection,
} from './login-event.js';
export type { LimeStats } from './login-stats.js';
