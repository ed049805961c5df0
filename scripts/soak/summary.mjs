/** The result as a table for people. */
export function summary(result) {
  const { seed, minutes, report, stats, load, heap } = result;
  const { latency } = report;
  const rows = [
    ['', 'duration', `${minutes} minutes of load and faults, seed ${seed}`],
    ['logins', 'started by the site', `${load.created} (${load.failed} could not be started)`],
    ...section('', report.fates),
    ['', 'first event on an undisturbed stream', report.undisturbed],
    ...section('faults', report.faults),
    ['site', 'reconnects', stats.reconnects],
    ['', 'received', stats.received],
    ['', 'delivered', stats.delivered],
    ['', 'duplicates dropped', stats.duplicates],
    ['', 'rejected', stats.rejected],
    ['', 'missed', stats.missed],
    ['', 'handlerErrors', stats.handlerErrors],
    ['latency', 'approval to handler, p50', `${latency.p50.toFixed(1)} ms (of ${latency.count})`],
    ['', 'p99', `${latency.p99.toFixed(1)} ms`],
    ['', 'longest', `${latency.most.toFixed(0)} ms`],
    ['heap', 'at the start, after gc', `${heap.startMb.toFixed(1)} MB`],
    ['', 'at the end, after gc', `${heap.endMb.toFixed(1)} MB`],
    ['', 'trend of the second half', heap.trend],
    ['count', 'violations', report.violations],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(
      ([group, name, value]) => `${group.padEnd(widths[0])}  ${name.padEnd(widths[1])}  ${value}`,
    )
    .join('\n');
}

/** Those that broke the rules, each with its story. */
export function accusations({ offenders, violations }) {
  if (violations === 0) return 'The count came out even.';
  const stories = offenders.map(
    ({ id, what, story }) => `\n${id} ${what}\n${story.map((line) => `    ${line}`).join('\n')}`,
  );
  return `${violations} violations; the first ${offenders.length}:\n${stories.join('\n')}`;
}

function section(title, counts) {
  const entries = Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, count], index) => [index === 0 ? title : '', name, count]);
}
