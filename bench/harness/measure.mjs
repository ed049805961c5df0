import { Remote } from '../../scripts/support/remote.mjs';

/**
 * What a figure measures with.
 * @typedef {object} Context
 * @property {boolean} quick once and little
 * @property {Remote} platform the load generator, see `processes/platform.mjs`
 * @property {string} baseUrl where the platform is
 * @property {number} repetitions how often limit and module are measured
 * @property {number} warmUps rounds before the first one that counts
 * @property {number} scale multiplies amounts
 */

/**
 * Makes the `measure` function of a figure.
 * @param {(context: Context) => Promise<{ rows: object[], notes?: string[] }>} work
 */
export function figure(work) {
  return async ({ quick }) => {
    const platform = startProcess('platform');
    const context = {
      quick,
      platform,
      baseUrl: await platform.call('start'),
      repetitions: quick ? 1 : 7,
      warmUps: quick ? 0 : 2,
      scale: quick ? 0.05 : 1,
    };
    try {
      return await work(context);
    } finally {
      await platform.stop();
    }
  };
}

/** @param {string} name of a file in `processes/` */
export function startProcess(name) {
  return new Remote(new URL(`../processes/${name}.mjs`, import.meta.url));
}

/**
 * Measures the limit and the module in turn (A B A B …), so that whatever the machine does meanwhile meets both. With more
 * than one life this is done with fresh processes each time: V8 compiles the same code better in one process than in the
 * next, and stays with what it compiled.
 * @template Sample
 * @param {object} setup
 * @param {number} setup.repetitions in each life
 * @param {number} setup.warmUps rounds before, in each life; the code is not compiled yet
 * @param {number} [setup.lives]
 * @param {() => Promise<{ limit: () => Promise<Sample>, ours: () => Promise<Sample>, end?: () => Promise<void> }>} setup.begin
 * @returns {Promise<{ limit: Sample[], ours: Sample[] }>}
 */
export async function inTurn({ repetitions, warmUps, lives = 1, begin }) {
  const samples = { limit: [], ours: [] };
  for (let life = 0; life < lives; life++) {
    const { limit, ours, end } = await begin();
    for (let round = -warmUps; round < repetitions; round++) {
      globalThis.gc();
      const limitSample = await limit();
      globalThis.gc();
      const ourSample = await ours();
      if (round < 0) continue;
      samples.limit.push(limitSample);
      samples.ours.push(ourSample);
    }
    await end?.();
  }
  return samples;
}

/** How ours compares with the limit, for each pair that was measured in turn. */
const RELATIONS = {
  /** Of rates: more is better. */
  ratio: (ours, limit) => ours / limit,
  /** Of costs: how many times the limit. */
  factor: (ours, limit) => ours / limit,
  /** Of costs: how many times cheaper than the limit. */
  gain: (ours, limit) => limit / ours,
  difference: (ours, limit) => ours - limit,
};

/**
 * One line of the table.
 * @param {object} measured
 * @param {string} measured.name
 * @param {string} measured.unit of ours and of the limit
 * @param {number[]} measured.ours
 * @param {number[]} measured.limit as many
 * @param {keyof typeof RELATIONS} [measured.relation]
 * @param {{ atLeast: number } | { atMost: number }} [measured.floor] for the median of the relation
 */
export function row({ name, unit, ours, limit, relation = 'ratio', floor }) {
  const related = spread(ours.map((value, index) => RELATIONS[relation](value, limit[index])));
  const { atLeast = -Infinity, atMost = Infinity } = floor ?? {};
  return {
    name,
    unit,
    relation,
    related,
    floor,
    ours: spread(ours).median,
    limit: spread(limit).median,
    reached: related.median >= atLeast && related.median <= atMost,
  };
}

/** @param {number[]} values */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}

/** Runs `work`, which does something `count` times. @returns {Promise<number>} how often it does it in a second */
export async function perSecond(count, work) {
  const startedAt = performance.now();
  await work();
  return count / ((performance.now() - startedAt) / 1000);
}

/** Runs `call` so many times, so many of them at once. */
export function runAtOnce(count, inFlight, call) {
  let left = count;
  const work = async () => {
    while (left-- > 0) await call();
  };
  return Promise.all(Array.from({ length: inFlight }, work));
}

/** What is in use after a forced collection, typed arrays included, in bytes. */
export async function heapInUse() {
  for (let pass = 0; pass < 3; pass++) {
    await new Promise(setImmediate); // lets go of what a running function still holds
    globalThis.gc();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
