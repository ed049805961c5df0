// A Nest application with the module, and a handler.
import { startSite } from '../harness/site.mjs';
import { Arrivals } from './arrivals.mjs';

let arrivals;

export async function open({ baseUrl }) {
  const started = await startSite(baseUrl);
  started.site.onLogin(() => arrivals.note());
}

export function expect({ count }) {
  globalThis.gc?.();
  arrivals = new Arrivals(count);
}

export const perSecond = () => arrivals.perSecond();
export const moments = () => arrivals.moments();
