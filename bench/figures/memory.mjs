import { Test } from '@nestjs/testing';
import { LIME_SITES_CLOCK, LimeSiteService } from '../../dist/index.js';
import { ManualClock } from '../../dist/testing/index.js';
import { figure, heapInUse, row, runAtOnce } from '../harness/measure.mjs';
import { limeSites, startSite } from '../harness/site.mjs';

const MIB = 2 ** 20;
/** Outcomes are remembered for ten minutes, or for the life of a request. */
const RETENTION_MS = 15 * 60_000;
/** The stream is idle meanwhile, so the module reconnects in small steps of the clock. */
const STEP_MS = 5_000;

/** What stays in the heap of logins that have an outcome, and of pending ones. A heap has next to no noise: measured once. */
export const measure = figure(async (context) => {
  const logins = 1_000_000 * context.scale;
  const kept = await heapKept(context, 10_000, logins);
  const perPending = await heapPerPending(context, 100_000 * context.scale);
  return {
    rows: [
      row({
        name: `heap kept after ${logins.toLocaleString('en').replaceAll(',', ' ')} logins, once the retention is over`,
        unit: 'MiB',
        ours: [kept.after / MIB],
        limit: [kept.before / MIB],
        relation: 'difference',
        floor: { atMost: 2 },
      }),
      row({
        name: 'heap per pending login',
        unit: 'bytes',
        ours: [perPending],
        limit: [0],
        relation: 'difference',
        floor: { atMost: 300 },
      }),
    ],
  };
});

/** The heap after `few` logins and after `many` more, each time when the retention is over and a few more have come. */
async function heapKept(context, few, many) {
  const { platform, baseUrl } = context;
  const clock = new ManualClock();
  const builder = Test.createTestingModule({ imports: [limeSites(baseUrl)] });
  const app = await builder.overrideProvider(LIME_SITES_CLOCK).useValue(clock).compile();
  await app.init();
  let handled = 0;
  let wanted = 0;
  let reached = () => undefined;
  app.get(LimeSiteService).onLogin(() => {
    if (++handled === wanted) reached();
  });
  await platform.call('whenStreams', { count: 1 });
  const handle = async (count) => {
    wanted = handled + count;
    const done = new Promise((resolve) => {
      reached = resolve;
    });
    await Promise.all([platform.call('flood', { count, type: 'bare', coalesced: true }), done]);
  };
  const heapAfter = async (count) => {
    await handle(count);
    for (let passed = 0; passed < RETENTION_MS; passed += STEP_MS) {
      clock.advance(STEP_MS);
      await new Promise(setImmediate);
    }
    while (app.get(LimeSiteService).connection.state !== 'open') {
      clock.advance(STEP_MS);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await platform.call('whenStreams', { count: 1 });
    await handle(1_000);
    return heapInUse();
  };
  const before = await heapAfter(few);
  const after = await heapAfter(many);
  await app.close();
  await platform.call('whenStreams', { count: 0 });
  return { before, after };
}

async function heapPerPending({ platform, baseUrl }, count) {
  const { app, site } = await startSite(baseUrl);
  await platform.call('whenStreams', { count: 1 });
  const create = (amount) => runAtOnce(amount, 100, () => site.createLoginRequest());
  await create(count / 100); // opens the connections
  const before = await heapInUse();
  await create(count);
  const bytes = (await heapInUse()) - before;
  await app.close();
  await platform.call('whenStreams', { count: 0 });
  return bytes / count;
}
