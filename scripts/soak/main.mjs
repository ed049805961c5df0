// Runs a site on a platform that misbehaves, for minutes or hours, and checks the outcome of every login.
// npm run soak -- [--minutes 10] [--rate 60] [--log site.log]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Remote } from '../support/remote.mjs';
import { now } from './audit.mjs';
import { block } from './faults.mjs';
import { between, chance } from './random.mjs';
import { Load, startSite } from './site.mjs';

const MIB = 2 ** 20;
/** How much the heap may grow: verified passports and outcomes are kept for minutes. */
const MAX_GROWTH_MIB = 64;
/** After so many minutes everything that is kept for a time has reached its size, and the heap must stay level. */
const LEVEL_AFTER_MINUTES = 20;
const MAX_LATE_GROWTH = 1.15;
const PROGRESS_MS = 10_000;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '60' },
    log: { type: 'string' },
  },
});
const minutes = positive('--minutes', flags.minutes);
const endAt = now() + minutes * 60_000;
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());

const platform = new Remote(new URL('platform.mjs', import.meta.url));
const { app, site, logins } = await startSite({
  moduleOptions: await platform.call('start'),
  logFile: flags.log,
  report: ({ type, requestId, origin, passport, claims }) =>
    platform.call('delivered', {
      type,
      requestId,
      origin,
      passport,
      agentId: claims?.agent_id,
      at: now(),
    }),
});
site.connection$.subscribe(({ state, lastError }) =>
  platform.call('connection', { state, code: lastError?.code }),
);
const load = new Load({
  site,
  logins,
  rate: positive('--rate', flags.rate),
  onCreated: (id) => platform.call('created', { id }),
});

const heap = [heapInUse()];
const sampling = setInterval(() => heap.push(heapInUse()), 1_000);
const printing = setInterval(() => void printProgress(), PROGRESS_MS);
const loading = load.run();
while (now() < endAt && !interrupt.signal.aborted) {
  const ms = between(4_000, 10_000);
  await Promise.all([platform.call('rough', { ms }), stallNowAndThen(ms)]);
  await platform.call('calm', { ms: between(3_000, 6_000) });
}
clearInterval(printing);
clearInterval(sampling);
console.log('Load and faults are over; waiting for the last outcomes');
load.stop();
await loading;
await platform.call('finish');
heap.push(heapInUse());
await app.close();
const report = await platform.call('report');
await platform.call('stop');
await platform.stop();

const problems = report.stories.map(({ id, what, story }) => [`${id} ${what}`, ...story]);
if (site.stats.delivered !== logins.calls) {
  problems.push([`stats.delivered is ${site.stats.delivered}; handler calls: ${logins.calls}`]);
}
if (report.calms.broken > Math.max(report.calms.sound, 2)) {
  problems.push([`the stream broke without a fault in ${report.calms.broken} calm phases`]);
}
problems.push(...heapProblems());
printSummary();
for (const lines of problems) console.log(`\n${lines.join('\n    ')}`);
console.log(`\n${Math.max(report.violations, problems.length)} violations`);
if (problems.length > 0) process.exitCode = 1;

/** The site's thread stops now and then, so that it reads late and notices keepalives late. */
async function stallNowAndThen(ms) {
  if (!chance(0.5)) return;
  await sleep(between(0, ms / 2));
  block(between(100, ms / 2));
}

/** After a forced collection, in MiB. */
function heapInUse() {
  globalThis.gc();
  return process.memoryUsage().heapUsed / MIB;
}

function heapProblems() {
  const found = [];
  const [start] = heap;
  const growth = heap.at(-1) - start;
  if (growth > MAX_GROWTH_MIB) found.push([`the heap grew by ${growth.toFixed(1)} MiB`]);
  if (minutes >= LEVEL_AFTER_MINUTES) {
    const quarter = Math.floor(heap.length / 4);
    const late = mean(heap.slice(-quarter)) / mean(heap.slice(-2 * quarter, -quarter));
    if (late > MAX_LATE_GROWTH) {
      found.push([`the heap of the last quarter is ${late.toFixed(2)} times that of the third`]);
    }
  }
  return found;
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function printProgress() {
  const { open, faults, calms } = await platform.call('report');
  const left = Math.max(0, (endAt - now()) / 60_000).toFixed(1);
  console.log(
    `${left} minutes left: ${load.created} logins, ${open} open, ${total(faults)} faults, ` +
      `${calms.sound} calm phases, ${site.stats.reconnects} reconnects, heap ${heap.at(-1).toFixed(0)} MiB`,
  );
}

function printSummary() {
  const { latency, calms, courses, faults } = report;
  console.table({ ...courses });
  console.table({ ...faults });
  console.table({ ...site.stats });
  console.log(
    `${load.created} logins created, ${load.failed} could not be created; ` +
      `${calms.sound} calm phases, ${calms.broken} in which the stream broke`,
  );
  console.log(
    `${latency.count} approvals in calm phases, to the handler in ` +
      `${latency.p50.toFixed(1)} ms (p50), ${latency.p99.toFixed(0)} ms (p99)`,
  );
  const [start] = heap;
  console.log(
    `heap ${start.toFixed(1)} MiB at the start, ${Math.max(...heap).toFixed(1)} at most, ` +
      `${heap.at(-1).toFixed(1)} at the end`,
  );
}

function total(counts) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function positive(name, text) {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${name} takes a number above 0, got ${text}`);
}
