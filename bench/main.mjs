// Measures the module beside the least that the same work can be on this machine, and prints how the two compare.
// npm run bench [-- --quick] [-- --only latency --only cluster]
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Remote } from '../scripts/support/remote.mjs';
import { resultTable } from './harness/table.mjs';

/** Files in `figures/`, in the order of the table. */
const FIGURES = [
  'events',
  'verification',
  'guarded-routes',
  'login-requests',
  'memory',
  'start-up',
  'cluster',
];

const { values: flags } = parseArgs({
  options: {
    // Once and little: shows that the bench works. Its figures mean nothing.
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: FIGURES },
  },
});
const unknown = flags.only.filter((name) => !FIGURES.includes(name));
if (unknown.length > 0) {
  throw new Error(`--only takes ${FIGURES.join(', ')}; got ${unknown.join(', ')}`);
}

const startedAt = performance.now();
const rows = [];
const notes = [];
for (const name of FIGURES.filter((each) => flags.only.includes(each))) {
  const began = performance.now();
  // In a process of its own: what one figure leaves in the heap and in the compiler must not touch the next.
  const figure = new Remote(new URL(`figures/${name}.mjs`, import.meta.url));
  const result = await figure.call('measure', { quick: flags.quick });
  await figure.stop();
  rows.push(...result.rows);
  notes.push(...(result.notes ?? []));
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

const [{ model }] = cpus();
const withFloor = rows.filter(({ floor }) => floor);
const reached = withFloor.filter((row) => row.reached).length;
console.log(`\n${resultTable(rows)}`);
for (const note of notes) console.log(`\n${note}`);
console.log(
  `\n${reached} of ${withFloor.length} floors hold. ${new Date().toISOString().slice(0, 10)}, ` +
    `${((performance.now() - startedAt) / 1000).toFixed(0)} s, Node ${process.version}, ` +
    `${cpus().length} cores (${model.trim()}), ${process.platform} ${process.arch}`,
);
