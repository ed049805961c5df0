/** The options of a site as the application gave them. */
export const LIME_SITES_OPTIONS = 'LIME_SITES_OPTIONS';
/** The name under which a site is registered. */
export const LIME_SITES_NAME = 'LIME_SITES_NAME';
/** Where a site takes its time from. Override it in tests to travel in time. */
export const LIME_SITES_CLOCK = 'LIME_SITES_CLOCK';
/** Prefixes of the tokens of one site's parts. */
export const LIME_SITES_SERVICE = 'LIME_SITES_SERVICE';
export const LIME_SITES_RUNTIME = 'LIME_SITES_RUNTIME';
/** The name of the site that is registered without one. */
export const DEFAULT_SITE = 'default';

/** Metadata keys. */
export const LIME_LOGIN_HANDLER = 'lime-sites:login-handler';
export const LIME_PASSPORT_POLICY = 'lime-sites:passport-policy';
