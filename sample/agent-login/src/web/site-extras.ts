import type { Html } from './html.js';

export const SITE_EXTRAS = Symbol('SITE_EXTRAS');

/** What may be added to the pages from outside of the site: the demo does. */
export interface SiteExtras {
  /** Above every page. */
  banner(): Html;
  /** Below a login that waits. */
  besideWaiting(requestId: string): Html;
}
