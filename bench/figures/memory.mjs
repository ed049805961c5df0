import { heapInUse } from '../harness/heap.mjs';
import { rowOf } from '../harness/row.mjs';
import { startSite } from '../harness/site.mjs';

const MIB = 2 ** 20;
const FIRST = 10_000;
const STEPS = 20;
const AT_ONCE = 100;

/** What stays in the heap of settled logins, and of pending ones. Measured in one go: a heap has no noise to speak of. */
export async function memory(context) {
  const settled = await heapAfterSettled(context, 1_000_000 * context.scale);
  const bytesPerPending = await heapPerPending(context, 100_000 * context.scale);
  const [first] = settled;
  const last = settled.at(-1);
  return {
    rows: [
      rowOf({
        name: `heap after ${last.count} settled logins`,
        unit: 'MiB',
        ours: [last.bytes / MIB],
        limit: [first.bytes / MIB],
        relation: 'difference',
        target: { atMost: 2 },
      }),
      rowOf({
        name: 'heap per pending login',
        unit: 'bytes',
        ours: [bytesPerPending],
        limit: [0],
        relation: 'difference',
        target: { atMost: 500 },
      }),
    ],
    plots: [
      {
        name: 'memory',
        title: 'Heap kept, by logins settled',
        x: 'settled logins',
        y: 'MiB',
        series: [{ name: 'heap', points: settled.map(({ count, bytes }) => [count, bytes / MIB]) }],
      },
    ],
  };
}

/** The first entry is after 10 000. */
async function heapAfterSettled({ load, baseUrl }, total) {
  const { app, site } = await startSite(baseUrl);
  let handled = 0;
  let wanted = 0;
  let reached = () => undefined;
  site.onLogin(() => {
    if (++handled === wanted) reached();
  });
  await load.call('whenStreams', { count: 1 });
  const settle = async (count) => {
    wanted = handled + count;
    const done = new Promise((resolve) => {
      reached = resolve;
    });
    await Promise.all([load.call('flood', { count, type: 'bare', coalesced: true }), done]);
    return { count: handled, bytes: await heapInUse() };
  };
  await settle(1_000); // compiles and allocates what the first events need
  const samples = [await settle(FIRST - 1_000)];
  const step = Math.ceil((total - FIRST) / STEPS);
  for (let count = FIRST; count < total; count += step) {
    samples.push(await settle(Math.min(step, total - count)));
  }
  await app.close();
  await load.call('whenStreams', { count: 0 });
  return samples;
}

async function heapPerPending({ load, baseUrl }, count) {
  const { app, site } = await startSite(baseUrl);
  await load.call('whenStreams', { count: 1 });
  let left = 0;
  const work = async () => {
    while (left-- > 0) await site.createLoginRequest();
  };
  const create = (amount) => {
    left = amount;
    return Promise.all(Array.from({ length: AT_ONCE }, work));
  };
  await create(count / 100); // opens the connections
  const before = await heapInUse();
  await create(count);
  const bytes = (await heapInUse()) - before;
  await app.close();
  await load.call('whenStreams', { count: 0 });
  return bytes / count;
}
