import { inTurn } from '../harness/in-turn.mjs';
import { Remote } from '../harness/remote.mjs';
import { rowOf } from '../harness/row.mjs';
import { spread } from '../harness/statistics.mjs';

const PLATFORMS = ['Express', 'Fastify'];
const ROUTES = ['open', 'seen', 'guarded'];
/** A server and what asks it leave nothing of two cores for anything else, so single rounds differ much. */
const REPETITIONS = 11;

/**
 * Requests to a route behind `PassportGuard`, beside those to the same route without it. All carry the same passport. A
 * guard that does nothing but read the header shows what any guard costs. Each route is served by a process of its own:
 * V8 forgets compiled code that is not used for a while, and in one process the routes would wait for each other.
 */
export async function guardedRoutes(context) {
  const measured = [];
  for (const platform of PLATFORMS) measured.push(await measure(context, platform));
  return {
    rows: measured.map(({ row }) => row),
    notes: measured.map(({ note }) => note),
    profiles: measured.map(({ profile }) => profile),
  };
}

async function measure(context, platform) {
  const { load, baseUrl, quick } = context;
  const [{ passport }] = await load.call('sign', { count: 1 });
  const sites = {};
  const requests = {};
  for (const route of ROUTES) {
    sites[route] = new Remote('readers/web-site.mjs');
    const url = `${await sites[route].call('open', { baseUrl, platform })}/${route}`;
    requests[route] = () =>
      load.call('requestsPerSecond', { url, passport, seconds: quick ? 0.1 : 0.8 });
  }
  const seen = [];
  const samples = await inTurn({
    ...context,
    repetitions: quick ? 1 : REPETITIONS,
    limit: requests.open,
    ours: async () => {
      seen.push(await requests.seen());
      return requests.guarded();
    },
  });
  await sites.guarded.call('startProfile');
  await requests.guarded();
  const shares = await sites.guarded.call('endProfile');
  for (const route of ROUTES) await sites[route].stop();

  const name = `a guarded route, ${platform}`;
  const row = rowOf({ name, unit: 'requests/s', ...samples, target: { atLeast: 0.9 } });
  const share = spread(seen).median / row.limit.median;
  return {
    row,
    note: `On ${platform} a guard that only reads the header reaches ${share.toFixed(2)}.`,
    profile: { name, shares },
  };
}
