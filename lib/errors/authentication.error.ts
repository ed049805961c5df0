import { LimeError } from './lime.error.js';

/**
 * The site token is missing, unknown or suspended: HTTP 401, or one of the codes `SITE_TOKEN_MISSING`,
 * `SITE_TOKEN_INVALID`, `SITE_SUSPENDED` (LIME site API).
 */
export class AuthenticationError extends LimeError {}
