import { Session } from 'node:inspector/promises';

/** What takes less is put together. */
const SMALLEST_SHARE = 0.01;

/** Tells in which code this process spends its time, by samples of V8's profiler. */
export class Profiler {
  #session = new Session();

  async start() {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: 200 });
    await this.#session.post('Profiler.start');
  }

  /**
   * Our own functions are told one by one, other code by its package.
   * @returns {Promise<{ where: string, share: number }[]>} of the time in which the process was busy, the largest first
   */
  async end() {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    return sharesOf(profile);
  }
}

function sharesOf({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const where = placeOf(frames.get(id));
    if (where === undefined) continue;
    busy += timeDeltas[index];
    times.set(where, (times.get(where) ?? 0) + timeDeltas[index]);
  }
  const shares = [...times].map(([where, time]) => ({ where, share: time / busy }));
  const large = shares.filter(({ share }) => share >= SMALLEST_SHARE);
  const rest = 1 - large.reduce((sum, { share }) => sum + share, 0);
  return [...large.toSorted((a, b) => b.share - a.share), { where: 'the rest', share: rest }];
}

/** @returns `undefined` for a process that waits. */
function placeOf({ functionName, url }) {
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return 'garbage collector';
  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (dependency) return dependency;
  if (url.includes('/dist/')) return `\`${functionName || 'a callback'}\` of this module`;
  return url.includes('/bench/') ? 'the bench' : 'Node and V8';
}
