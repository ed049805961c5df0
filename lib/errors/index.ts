export { copyError, readThrown, reasonOf, stackOf, type ThrownValue } from './copy-error.js';
export {
  ApiError,
  AuthenticationError,
  InvalidPassportError,
  type InvalidPassportErrorOptions,
  LimeError,
  type LimeErrorOptions,
  type PassportErrorCode,
  RateLimitError,
  RequestExpiredError,
  SiteAuthUnavailableError,
} from './lime.errors.js';
export { redact } from './redact.js';
