// A Nest application with the module, and a handler.
import { Arrivals } from '../harness/arrivals.mjs';
import { startSite } from '../harness/site.mjs';

let arrivals;

export async function open({ baseUrl }) {
  const { site } = await startSite(baseUrl);
  site.onLogin(() => arrivals.note());
}

export function expect({ count }) {
  globalThis.gc();
  arrivals = new Arrivals(count);
}

export const perSecond = () => arrivals.perSecond();
export const moments = () => arrivals.moments();
