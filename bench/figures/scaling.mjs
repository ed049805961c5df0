import { rowOf } from '../harness/row.mjs';
import { startSite } from '../harness/site.mjs';
import { percentile } from '../harness/statistics.mjs';

const HANDLERS = [1, 2, 5, 10, 20, 50, 100];
const WAITING = [1, 10, 100, 1_000, 10_000];

/** What an event costs with more handlers, and what one more waiting page costs when many wait. */
export async function scaling(context) {
  const handlers = await costs(context, HANDLERS, costOfHandlers);
  const waiting = await costs(context, WAITING, costOfWaiting);
  return {
    rows: [linear('handlers', handlers), linear('concurrent outcomeOf', waiting)],
    plots: [
      plotOf('handlers', 'Cost of an event, by handlers', 'handlers', handlers),
      plotOf('outcomes', 'Cost of all outcomes, by concurrent outcomeOf', 'waiting', waiting),
    ],
  };
}

/** Each size once a round, so that the sizes are measured in turn. */
async function costs(context, sizes, measure) {
  const { app, site } = await startSite(context.baseUrl);
  await context.load.call('whenStreams', { count: 1 });
  const samples = new Map(sizes.map((size) => [size, []]));
  for (let round = -context.warmUps; round < context.repetitions; round++) {
    for (const size of sizes) {
      const cost = await measure(context, site, size);
      if (round >= 0) samples.get(size).push(cost);
    }
  }
  await app.close();
  await context.load.call('whenStreams', { count: 0 });
  return samples;
}

/** Microseconds an event. */
async function costOfHandlers({ load, scale }, site, size) {
  const count = 5_000 * scale;
  let calls = 0;
  let finish;
  const done = new Promise((resolve) => {
    finish = resolve;
  });
  let firstAt;
  const handler = () => {
    firstAt ??= performance.now();
    if (++calls === size * count) finish(performance.now());
  };
  const removals = Array.from({ length: size }, () => site.onLogin(() => handler()));
  void load.call('flood', { count, type: 'expired', coalesced: true });
  const lastAt = await done;
  for (const remove of removals) remove();
  return ((lastAt - firstAt) * 1000) / count;
}

/** Microseconds for all of them together: subscribed, and told what came of their request. */
async function costOfWaiting({ load }, site, size) {
  globalThis.gc?.();
  const ids = Array.from({ length: size }, () => crypto.randomUUID());
  let told = 0;
  let finish;
  const done = new Promise((resolve) => {
    finish = resolve;
  });
  const startedAt = performance.now();
  for (const id of ids) {
    site.outcomeOf(id).subscribe(() => {
      if (++told === size) finish(performance.now());
    });
  }
  const subscribedAt = performance.now();
  let firstAt;
  const remove = site.onLogin(() => {
    firstAt ??= performance.now();
  });
  await load.call('expire', { ids });
  const lastAt = await done;
  remove();
  return (subscribedAt - startedAt + (lastAt - firstAt)) * 1000;
}

/** How the cost of the largest size stands to that of the smallest, times the size. */
function linear(name, samples) {
  const sizes = [...samples.keys()];
  const [smallest] = sizes;
  const largest = sizes.at(-1);
  return rowOf({
    name: `${largest} ${name}, beside ${largest} times the cost of ${smallest}`,
    unit: 'µs',
    ours: samples.get(largest),
    limit: samples.get(smallest).map((cost) => cost * largest),
    relation: 'factor',
    target: { atMost: 1 },
  });
}

/** Beside the line that is no better than linear. */
function plotOf(name, title, x, samples) {
  const points = [...samples].map(([size, values]) => [size, percentile(values, 0.5)]);
  const [[smallest, cost]] = points;
  const proportional = points.map(([size]) => [size, (cost * size) / smallest]);
  const series = [
    { name: 'measured', points },
    { name: 'proportional', points: proportional, dashed: true },
  ];
  return { name, title, x, y: 'µs', logarithmic: true, series };
}
