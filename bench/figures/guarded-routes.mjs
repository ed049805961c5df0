import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { startWeb } from '../harness/web.mjs';
import { inTurn } from '../harness/in-turn.mjs';
import { rowOf } from '../harness/row.mjs';

const ADAPTERS = [
  { name: 'Express', create: () => new ExpressAdapter() },
  { name: 'Fastify', create: () => new FastifyAdapter() },
];

/** Requests to a route behind `PassportGuard`, beside those to the same route without it. All carry the same passport. */
export async function guardedRoutes(context) {
  const { load, baseUrl, quick } = context;
  const rows = [];
  for (const { name, create } of ADAPTERS) {
    const [{ passport }] = await load.call('sign', { count: 1 });
    const { app, url } = await startWeb(baseUrl, create());
    const requests = (path) =>
      load.call('requestsPerSecond', {
        url: `${url}${path}`,
        passport,
        seconds: quick ? 0.1 : 0.8,
      });
    const samples = await inTurn({
      ...context,
      limit: () => requests('/open'),
      ours: () => requests('/guarded'),
    });
    await app.close();
    rows.push(
      rowOf({
        name: `a guarded route, ${name}`,
        unit: 'requests/s',
        ...samples,
        target: { atLeast: 0.9 },
      }),
    );
  }
  return { rows };
}
