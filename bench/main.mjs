// Measures how fast the module is, beside what is possible on this machine, and writes down what came out.
// npm run bench -- [--quick] [--only expiredEvents]
import { once } from 'node:events';
import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FIGURES } from './figures/index.mjs';
import { machine } from './harness/machine.mjs';
import { updateDocument } from './report/document.mjs';
import { plotSvg } from './report/plot.mjs';
import { tableOf } from './report/table.mjs';

const RUN_FIGURE = fileURLToPath(new URL('run-figure.mjs', import.meta.url));
const IMAGES = new URL('../docs/images/', import.meta.url);
const RESULTS = new URL('results.json', import.meta.url);
/** It waits for a minute and does nothing, so it can do that beside the others. */
const BESIDE = 'idle';

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
});
const names = flags.only ?? Object.keys(FIGURES);
const unknown = names.filter((name) => !(name in FIGURES));
if (unknown.length > 0) {
  throw new Error(`--only takes ${Object.keys(FIGURES).join(', ')}; got ${unknown.join(', ')}`);
}

const startedAt = performance.now();
const measured = new Map();
const beside = names.includes(BESIDE) ? measure(BESIDE) : undefined;
for (const name of names) {
  if (name !== BESIDE) await measure(name);
}
await beside;

const figures = names.map((name) => ({ figure: name, ...measured.get(name) }));
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`\n${tableOf(figures.flatMap(({ rows }) => rows))}\n\n${seconds} s, ${machine.text}`);
for (const note of figures.flatMap(({ notes = [] }) => notes)) console.log(note);

// A quick run, or one of some figures, shows that the bench works; what it measures is not worth keeping.
if (!flags.quick && !flags.only) {
  const results = { measuredAt: new Date().toISOString(), seconds, machine, figures };
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  for (const plot of figures.flatMap((figure) => figure.plots ?? [])) {
    await writeFile(new URL(`bench-${plot.name}.svg`, IMAGES), plotSvg(plot));
  }
  await updateDocument(results);
}

async function measure(name) {
  const began = performance.now();
  const size = flags.quick ? 'quick' : 'full';
  const child = fork(RUN_FIGURE, [name, size], { execArgv: ['--expose-gc'] });
  const ended = once(child, 'exit');
  child.once('message', (result) => measured.set(name, result));
  const [code] = await ended;
  if (!measured.has(name)) throw new Error(`${name} could not be measured (exit code ${code})`);
  console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
