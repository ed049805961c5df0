// Breaks one thing after the other in a file and looks whether a test notices.
// npm run mutate -- [lib/stream/frame-reader.ts …] [--lines 60-90]     default: every file in targets.mjs
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reasonOf } from './harmless.mjs';
import { mutantsOf } from './mutants.mjs';
import { TARGETS } from './targets.mjs';
import { firstFailure } from './trial.mjs';
import { Workspace } from './workspace.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { lines: { type: 'string', default: '1-' } },
});
const [firstLine, lastLine] = values.lines.split('-').map((text) => Number(text) || Infinity);
const files = positionals.length > 0 ? positionals : Object.keys(TARGETS);
const workspace = new Workspace(ROOT);
process.once('exit', () => workspace.remove());
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const counts = { killed: 0, harmless: 0, survived: 0 };

for (const file of files) await examine(file);
const { killed, harmless, survived } = counts;
console.log(`\n${killed} noticed, ${harmless} known to be harmless, ${survived} unnoticed`);
if (survived > 0) process.exitCode = 1;

async function examine(file) {
  const specs = TARGETS[file];
  if (!specs) throw new Error(`targets.mjs does not say which tests are for ${file}`);
  const red = await firstFailure(workspace.folder, specs);
  if (red) throw new Error(`${file}: a test fails although nothing is broken: ${red}`);
  for (const mutant of mutantsOf(readFileSync(`${ROOT}/${file}`, 'utf8'))) {
    if (mutant.line >= firstLine && mutant.line <= lastLine) await tryOut(file, specs, mutant);
  }
  workspace.restore(file);
}

async function tryOut(file, specs, mutant) {
  const { line, from, to, source } = mutant;
  const what = `${file}:${line}  ${onOneLine(from)}  =>  ${onOneLine(to)}`;
  const reason = reasonOf(file, mutant);
  workspace.write(file, source);
  const failure = reason ? undefined : await firstFailure(workspace.folder, specs);
  if (reason) {
    counts.harmless++;
    console.log(`harmless  ${what}\n            ${reason}`);
  } else if (failure) {
    counts.killed++;
    console.log(`noticed   ${what}\n            by: ${failure}`);
  } else {
    counts.survived++;
    console.log(`UNNOTICED ${what}`);
  }
}

function onOneLine(text) {
  return text.replaceAll(/\s+/g, ' ');
}
