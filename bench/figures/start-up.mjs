import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inTurn } from '../harness/in-turn.mjs';
import { installSize } from '../harness/install-size.mjs';
import { rowOf } from '../harness/row.mjs';
import { spread } from '../harness/statistics.mjs';

const PROBE = fileURLToPath(new URL('../harness/start-up-probe.mjs', import.meta.url));
const run = promisify(execFile);
/** A start differs from the next one by more than the module adds. */
const REPETITIONS = 15;

/** What an application starts later with the module, each start in a process of its own. */
export async function startUp(context) {
  const probe = async (...args) => {
    const { stdout } = await run(process.execPath, [PROBE, context.baseUrl, ...args]);
    return JSON.parse(stdout);
  };
  const undici = [];
  const samples = await inTurn({
    ...context,
    repetitions: context.quick ? 1 : REPETITIONS,
    warmUps: 1,
    limit: () => probe('without'),
    ours: async () => {
      undici.push((await probe('undici')).importMs);
      return probe('with');
    },
  });
  const row = (name, what, atMost) =>
    rowOf({
      name,
      unit: 'ms',
      ours: samples.ours.map((times) => times[what]),
      limit: samples.limit.map((times) => times[what]),
      relation: 'difference',
      target: { atMost },
    });
  const { kib, packages } = await installSize();
  return {
    rows: [
      row('start-up: NestFactory.create and init', 'startMs', 20),
      row('start-up: imports', 'importMs', 60),
    ],
    notes: [
      `Of the imports undici alone takes ${spread(undici).median.toFixed(0)} ms.`,
      `Installed, the package and what it depends on take ${kib} KiB (${packages}).`,
    ],
  };
}
