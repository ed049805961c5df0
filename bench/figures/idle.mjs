import { setTimeout as sleep } from 'node:timers/promises';
import { Remote } from '../harness/remote.mjs';
import { rowOf } from '../harness/row.mjs';

const MINUTE_MS = 60_000;
/** So long V8 tidies up after a start. */
const SETTLE_MS = 10_000;

/**
 * Processor time of a site on whose stream nothing happens for a minute, beside that of the same application without a
 * stream in the same minute. Runs beside the other figures, because it does nothing.
 */
export async function idle({ load, baseUrl, quick }) {
  const ms = quick ? 500 : MINUTE_MS;
  const measure = async (listens) => {
    const site = new Remote('readers/idle-site.mjs');
    await site.call('open', { baseUrl, listens });
    if (!quick) await sleep(SETTLE_MS);
    const percent = await site.call('cpuPercent', { ms });
    await site.stop();
    return percent;
  };
  const [ours, limit] = await Promise.all([measure(true), measure(false)]);
  await load.call('whenStreams', { count: 0 });
  return {
    rows: [
      rowOf({
        name: 'an open, silent stream, processor time',
        unit: '%',
        ours: [ours],
        limit: [limit],
        relation: 'difference',
        target: { atMost: 0.1 },
      }),
    ],
  };
}
