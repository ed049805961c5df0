/**
 * The variables of the environment that this module reads: what differs from one deployment to the next. Everything
 * else is a decision of the application, and belongs into its code.
 */
export const LIME_SITE_TOKEN = 'LIME_SITE_TOKEN';
export const LIME_API_BASE = 'LIME_API_BASE';

/** What {@link limeSitesEnvSchema} makes of an environment: the same variables, now known to be usable. */
export interface LimeSitesEnv {
  /** The site's secret (`st_…`). */
  LIME_SITE_TOKEN: string;
  /** Root of the LIME API, absolute; missing or blank for `https://lime.pics/api/v1`. */
  LIME_API_BASE?: string;
  /** Whatever else is there. */
  [variable: string]: unknown;
}

/** How the environment is read for a further site. */
export interface LimeSitesEnvOptions {
  /** Accepts plain `http:` in `LIME_API_BASE`, as the option of the module of the same name does. Default `false`. */
  allowInsecureHttp?: boolean | undefined;
}
