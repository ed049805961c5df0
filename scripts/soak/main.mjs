// Lets a site live on a platform that misbehaves, for minutes or hours, and counts whether every login came out right.
// npm run soak -- [--minutes 10] [--seed N] [--rate 60] [--log]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readArguments } from './arguments.mjs';
import { HeapSamples } from './heap.mjs';
import { heapSvg } from './heap-svg.mjs';
import { Load } from './load.mjs';
import { now } from './now.mjs';
import { PlatformClient } from './platform-client.mjs';
import { Progress } from './progress.mjs';
import { Random } from './random.mjs';
import { startSite } from './site.mjs';
import { watchStalls } from './stall-watch.mjs';
import { accusations, summary } from './summary.mjs';

const OUT = fileURLToPath(new URL('../../soak', import.meta.url));
const { minutes, seed, rate, log } = readArguments(process.argv.slice(2));
const totalMs = minutes * 60_000;
mkdirSync(OUT, { recursive: true });
console.log(`Soak: ${minutes} minutes, seed ${seed} (--seed ${seed} repeats the random numbers)`);

const random = new Random(seed);
const platform = new PlatformClient(seed);
let handled = 0;
const { app, site, logins } = await startSite({
  ...(await platform.ready),
  random,
  logFile: log ? join(OUT, 'site.log') : undefined,
  report({ type, requestId, origin, passport, claims }, at) {
    handled++;
    const event = { type, requestId, origin, passport, agentId: claims?.agent_id };
    platform.tell('delivered', { event, at });
  },
});
const endWatch = watchStalls((from, to) => platform.tell('stalled', { from, to }));
site.connection$.subscribe(({ state, lastError }) => {
  platform.tell('connection', { connection: { state, code: lastError?.code }, at: now() });
});
await platform.call('warmUp');

const heap = new HeapSamples();
heap.start(Math.max(1_000, totalMs / 150));
const onCreated = (id, at) => platform.tell('created', { id, at });
const load = new Load({ site, logins, random, rate, onCreated });
const progress = new Progress(totalMs);
const showing = setInterval(() => void show(), 500);
platform.tell('misbehave');
const loadRun = load.run();
await ended(totalMs);
clearInterval(showing);
heap.stop();
progress.end();
console.log('Load and faults are over; waiting until everything is settled');
load.stop();
await loadRun;
await platform.call('settle');
endWatch();
await app.close();
const report = await platform.call('report');
await platform.end();

const { stats } = site;
if (stats.delivered !== handled) {
  report.violations++;
  const story = [`stats.delivered ${stats.delivered}`, `the handler was called ${handled} times`];
  report.offenders.push({ id: 'stats', what: 'do not fit what the handler saw', story });
}
const { trend, samples, longEnough } = heap;
const result = {
  seed,
  minutes,
  load: { created: load.created, failed: load.failed },
  report,
  stats,
  heap: {
    startMb: samples[0].mb,
    endMb: heap.last,
    trend: longEnough ? `${trend.mbPerHour.toFixed(1)} MB an hour` : 'too short to tell',
    samples,
  },
};
const subtitle = `${load.created} logins, ${stats.reconnects} reconnects, seed ${seed}`;
writeFileSync(join(OUT, 'heap.svg'), heapSvg(heap, subtitle));
writeFileSync(join(OUT, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
console.log(`\n${summary(result)}\n\n${accusations(report)}`);
if (report.violations > 0) process.exitCode = 1;

/** The time is over, or somebody pressed Ctrl-C. */
async function ended(ms) {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  await sleep(ms, undefined, { signal: interrupted.signal }).catch(() => undefined);
  process.off('SIGINT', interrupt);
}

async function show() {
  const { faults, open } = await platform.call('progress');
  progress.show(
    `${load.created} logins, ${open} open, ${faults} faults, ${site.stats.reconnects} reconnects, ` +
      `heap ${heap.last.toFixed(0)} MB`,
  );
}
