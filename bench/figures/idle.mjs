import { setTimeout as sleep } from 'node:timers/promises';
import { rowOf } from '../harness/row.mjs';
import { startSite } from '../harness/site.mjs';

const SETTLE_MS = 2_000;

/** Processor time of a site on whose stream nothing happens, as a share of a minute. Runs beside the other figures. */
export async function idle({ load, baseUrl, quick }) {
  const ms = quick ? 1_000 : 60_000;
  const { app } = await startSite(baseUrl);
  await load.call('whenStreams', { count: 1 });
  await sleep(quick ? 0 : SETTLE_MS); // what the start left to do
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  await app.close();
  return {
    rows: [
      rowOf({
        name: `an open, silent stream for ${ms / 1000} s, processor time`,
        unit: '%',
        ours: [((user + system) / 1000 / ms) * 100],
        limit: [0],
        relation: 'difference',
        target: { atMost: 0.1 },
      }),
    ],
  };
}
