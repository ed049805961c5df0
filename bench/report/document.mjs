import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { number, relationOf, spreadOf, targetOf } from './numbers.mjs';

const DOCUMENT = new URL('../../docs/performance.md', import.meta.url);
const MARKED = /(<!-- bench:begin[^>]*-->)[\s\S]*?(<!-- bench:end -->)/;

/** Puts the results between the two markers of docs/performance.md. */
export async function updateDocument(results) {
  const before = await readFile(DOCUMENT, 'utf8');
  if (!MARKED.test(before)) throw new Error('docs/performance.md has lost its bench markers');
  const after = before.replace(
    MARKED,
    (_, begin, end) => `${begin}\n\n${sectionOf(results)}\n\n${end}`,
  );
  const options = await resolveConfig(DOCUMENT);
  await writeFile(DOCUMENT, await format(after, { ...options, parser: 'markdown' }));
}

function sectionOf({ measuredAt, seconds, machine, figures }) {
  const rows = figures.flatMap((figure) => figure.rows);
  const reached = rows.filter((row) => row.reached).length;
  const lines = [
    `Measured on ${measuredAt.slice(0, 10)} in ${seconds} s on ${machine.text}. ${reached} of ${rows.length} targets are reached.`,
    '',
    '| figure | the module | the limit | relation (range) | target | reached |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(lineOf),
  ];
  for (const note of figures.flatMap(({ notes = [] }) => notes)) lines.push('', note);
  for (const { name, title } of figures.flatMap(({ plots = [] }) => plots)) {
    lines.push('', `![${title}](images/bench-${name}.svg)`);
  }
  for (const { name, shares } of figures.flatMap(({ profiles = [] }) => profiles)) {
    lines.push('', `Where the time of ${name} goes:`, '', '| code | share |', '| --- | --- |');
    lines.push(...shares.map(({ where, share }) => `| ${where} | ${(100 * share).toFixed(1)} % |`));
  }
  return lines.join('\n');
}

function lineOf(row) {
  const cells = [
    row.name,
    `${number(row.ours.median)} ${row.unit}`,
    `${number(row.limit.median)} ${row.unit}`,
    `**${relationOf(row)}** (${spreadOf(row)})`,
    targetOf(row),
    row.reached ? 'yes' : '**no**',
  ];
  return `| ${cells.join(' | ')} |`;
}
