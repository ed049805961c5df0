/** Injection token of the options of a site, as the application gave them. */
export const LIME_SITES_OPTIONS = 'LIME_SITES_OPTIONS';
/** Injection token of the name under which a site is registered. */
export const LIME_SITES_NAME = 'LIME_SITES_NAME';
/** Injection token of the clock of a site. Override it in tests to travel in time. */
export const LIME_SITES_CLOCK = 'LIME_SITES_CLOCK';
/** Prefixes of the injection tokens of named sites. */
export const LIME_SITES_SERVICE = 'LIME_SITES_SERVICE';
export const LIME_SITES_SITE = 'LIME_SITES_SITE';

/** The name of the site that is registered without one. */
export const DEFAULT_SITE = 'default';

/** Metadata keys. */
export const LIME_LOGIN_HANDLER = 'lime-sites:login-handler';
export const LIME_PASSPORT_POLICY = 'lime-sites:passport-policy';
