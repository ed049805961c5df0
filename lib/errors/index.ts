export {
  ApiError,
  AuthenticationError,
  RateLimitError,
  SiteAuthUnavailableError,
} from './api.errors.js';
export { copyError, readThrown, reasonOf, stackOf, type ThrownValue } from './copy-error.js';
export { LimeError, type LimeErrorOptions } from './lime.error.js';
export {
  InvalidPassportError,
  type InvalidPassportErrorOptions,
  type PassportErrorCode,
  RequestExpiredError,
} from './passport.errors.js';
export { redact } from './redact.js';
