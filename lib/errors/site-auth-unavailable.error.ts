import { ApiError } from './api.error.js';

/**
 * LIME could not check the site token: 503 `SITE_TOKEN_AUTH_UNAVAILABLE` (LIME site API, since September 2026). The token is
 * not wrong: calls are retried, and the event stream reconnects as after a drop.
 */
export class SiteAuthUnavailableError extends ApiError {}
