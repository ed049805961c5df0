import { type ConfigType, registerAs } from '@nestjs/config';
import { UsageError } from './usage-error.js';

/** The configuration from the environment or a `.env` file, read at the start. */
export const siteConfig = registerAs('site', () => ({
  /** The site's origin for browsers. Default: the `Host` header of each request, for this machine only. */
  publicUrl: urlFrom('PUBLIC_URL')?.origin,
  /** Signs the session cookie. Default: a random one that is kept with the sessions. */
  sessionSecret: process.env['SESSION_SECRET'] || undefined,
  /** The file that keeps sessions and logins over a restart. Default: memory only. */
  dataFile: process.env['SITE_DATA'] || undefined,
  lime: {
    siteToken: process.env['LIME_SITE_TOKEN'],
    baseUrl: process.env['LIME_API_BASE'],
    /** The origin of LIME's connect page, to which a form leads. */
    origin: (urlFrom('LIME_API_BASE') ?? new URL('https://lime.pics')).origin,
  },
}));

export type SiteConfig = ConfigType<typeof siteConfig>;

function urlFrom(name: string): URL | undefined {
  const text = process.env[name]?.trim();
  if (!text) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new UsageError(`${name} must be an absolute URL such as https://your.site, not "${text}".`);
}
