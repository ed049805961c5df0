import { figure, inTurn, row, startProcess } from '../harness/measure.mjs';

const SECONDS = 0.6;

/**
 * Requests to a route behind `PassportGuard`, beside those to the same route without it; all carry the same passport. Each
 * route is served by a process of its own: V8 drops compiled code that is not used for a while.
 */
export const measure = figure(async (context) => ({
  rows: [await compare(context, 'Express'), await compare(context, 'Fastify')],
}));

async function compare(context, platform) {
  const { quick, baseUrl } = context;
  const samples = await inTurn({
    ...context,
    lives: quick ? 1 : 3,
    repetitions: quick ? 1 : 3,
    begin: async () => {
      const [{ passport }] = await context.platform.call('sign', { count: 1 });
      const serve = async (route) => {
        const site = startProcess('web-site');
        const url = `${await site.call('open', { baseUrl, platform })}/${route}`;
        const load = { url, passport, seconds: quick ? 0.1 : SECONDS };
        return { site, rate: () => context.platform.call('requestsPerSecond', load) };
      };
      const [open, guarded] = [await serve('open'), await serve('guarded')];
      return {
        limit: open.rate,
        ours: guarded.rate,
        end: () => Promise.all([open.site.stop(), guarded.site.stop()]),
      };
    },
  });
  const name = `a guarded route, ${platform}`;
  return row({ name, unit: 'requests/s', ...samples, floor: { atLeast: 0.88 } });
}
