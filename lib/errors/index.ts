export { ApiError } from './api.error.js';
export { AuthenticationError } from './authentication.error.js';
export { copyError, readThrown, reasonOf, stackOf, type ThrownValue } from './copy-error.js';
export {
  InvalidPassportError,
  type InvalidPassportErrorOptions,
  type PassportErrorCode,
} from './invalid-passport.error.js';
export { LimeError, type LimeErrorOptions } from './lime.error.js';
export { RateLimitError } from './rate-limit.error.js';
export { redact } from './redact.js';
export { RequestExpiredError } from './request-expired.error.js';
export { SiteAuthUnavailableError } from './site-auth-unavailable.error.js';
