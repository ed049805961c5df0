import {
  InvalidPassportError,
  type InvalidPassportErrorOptions,
} from './invalid-passport.error.js';

/** The passport was good once; its time is over (`exp`, RFC 7519 section 4.1.4). */
export class RequestExpiredError extends InvalidPassportError {
  constructor(message: string, options: InvalidPassportErrorOptions = {}) {
    super('PASSPORT_EXPIRED', message, options);
  }
}
