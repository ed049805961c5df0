const RELATIONS = {
  ratio: (text) => text,
  factor: (text) => `${text} ×`,
  gain: (text) => `${text} × cheaper`,
  difference: (text, unit) => `${text} ${unit}`,
};

/** The rows as a Markdown table, ready for docs/performance.md. */
export function resultTable(rows) {
  return markdownTable([
    ['figure', 'the module', 'the limit', 'relation (range)', 'floor', ''],
    ...rows.map(({ name, unit, ours, limit, relation, related, floor, reached }) => {
      const inWords = (value) => RELATIONS[relation](number(value), unit);
      return [
        name,
        `${number(ours)} ${unit}`,
        `${number(limit)} ${unit}`,
        `**${inWords(related.median)}** (${number(related.min)} to ${number(related.max)})`,
        floor ? `${'atMost' in floor ? '≤' : '≥'} ${inWords(floor.atMost ?? floor.atLeast)}` : '–',
        floor ? (reached ? 'holds' : '**broken**') : '',
      ];
    }),
  ]);
}

/** @param {string[][]} lines the first one is the heading */
export function markdownTable([heading, ...lines]) {
  const widths = heading.map((_, column) =>
    Math.max(3, ...[heading, ...lines].map((line) => line[column].length)),
  );
  const write = (line) =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [heading, widths.map((width) => '-'.repeat(width)), ...lines].map(write).join('\n');
}

/** Three significant digits, thousands set apart. */
export function number(value) {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  return String(Number(value.toPrecision(3)));
}
