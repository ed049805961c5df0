import type { Html } from './html.js';

export const SITE_EXTRAS = Symbol('SITE_EXTRAS');

/** Additions to the pages from outside of the site, here from the demo. */
export interface SiteExtras {
  /** Above every page. */
  banner(): Html;
  /** Below a pending login. */
  besideWaiting(requestId: string): Html;
}
