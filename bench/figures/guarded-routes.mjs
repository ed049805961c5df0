import { inTurnOverLives } from '../harness/in-turn.mjs';
import { Remote } from '../harness/remote.mjs';
import { rowOf } from '../harness/row.mjs';
import { spread } from '../harness/statistics.mjs';

const PLATFORMS = ['Express', 'Fastify'];
const ROUTES = ['open', 'seen', 'guarded'];
/** Of one round: thousands of requests on Express, tens of thousands on Fastify. */
const SECONDS = 0.6;
const LIVES = 3;
const REPETITIONS = 3;

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
  const { quick } = context;
  const seen = [];
  let shares;
  const samples = await inTurnOverLives({
    ...context,
    lives: quick ? 1 : LIVES,
    repetitions: quick ? 1 : REPETITIONS,
    begin: async () => {
      const routes = new Routes(context, platform);
      await routes.open();
      return {
        limit: () => routes.perSecond('open'),
        ours: async () => {
          seen.push(await routes.perSecond('seen'));
          return routes.perSecond('guarded');
        },
        end: async () => {
          shares ??= await routes.profile('guarded');
          await routes.close();
        },
      };
    },
  });

  const name = `a guarded route, ${platform}`;
  const row = rowOf({ name, unit: 'requests/s', ...samples, target: { atLeast: 0.9 } });
  const share = spread(seen).median / row.limit.median;
  return {
    row,
    note: `On ${platform} a guard that only reads the header reaches ${share.toFixed(2)}.`,
    profile: { name, shares },
  };
}

/** The routes, each in a process of its own. */
class Routes {
  #context;
  #platform;
  #sites = new Map();
  #request;

  constructor(context, platform) {
    this.#context = context;
    this.#platform = platform;
  }

  async open() {
    const { load, baseUrl, quick } = this.#context;
    const [{ passport }] = await load.call('sign', { count: 1 });
    this.#request = { passport, seconds: quick ? 0.1 : SECONDS };
    for (const route of ROUTES) {
      const site = new Remote('readers/web-site.mjs');
      const address = await site.call('open', { baseUrl, platform: this.#platform });
      this.#sites.set(route, { site, url: `${address}/${route}` });
    }
  }

  perSecond(route) {
    const { url } = this.#sites.get(route);
    return this.#context.load.call('requestsPerSecond', { ...this.#request, url });
  }

  async profile(route) {
    const { site } = this.#sites.get(route);
    await site.call('startProfile');
    await this.perSecond(route);
    return site.call('endProfile');
  }

  async close() {
    await Promise.all(Array.from(this.#sites.values(), ({ site }) => site.stop()));
  }
}
