import { number, relationOf, spreadOf, targetOf } from './numbers.mjs';

const COLUMNS = ['figure', 'ours', 'limit', 'relation (range)', 'target', ''];

/** The rows as text for a terminal. */
export function tableOf(rows) {
  const cells = rows.map((row) => [
    row.name,
    `${number(row.ours.median)} ${row.unit}`,
    `${number(row.limit.median)} ${row.unit}`,
    `${relationOf(row)} (${spreadOf(row)})`,
    targetOf(row),
    row.reached ? 'reached' : 'NOT REACHED',
  ]);
  const widths = COLUMNS.map((title, index) =>
    Math.max(title.length, ...cells.map((line) => line[index].length)),
  );
  const lineOf = (line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index]))
      .join('  ')
      .trimEnd();
  return [COLUMNS, ...cells].map(lineOf).join('\n');
}
