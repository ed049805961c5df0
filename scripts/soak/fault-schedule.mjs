import { setTimeout as sleep } from 'node:timers/promises';
import { FAULTS } from './faults.mjs';
import { now } from './now.mjs';

const MEAN_PAUSE_MS = 800;

/**
 * What a fault works with.
 * @typedef {object} FaultTools
 * @property {import('./platform.mjs').SoakPlatform} platform
 * @property {import('./random.mjs').Random} random
 * @property {import('./audit.mjs').Audit} audit
 * @property {import('./forgeries.mjs').Forgeries} forgeries
 * @property {(ms: number) => void} stallSite lets the site's thread do nothing for a while
 */

/** Lets things go wrong at random, several at once, but none twice at the same time. */
export class FaultSchedule {
  /** How often each one came. */
  counts = Object.fromEntries(FAULTS.map(({ name }) => [name, 0]));
  #stopped = false;
  #resting = new Map();
  #running = new Map();

  /** @param {FaultTools} tools */
  constructor(tools) {
    this.tools = tools;
  }

  async run() {
    const { random } = this.tools;
    while (!this.#stopped) {
      await sleep(random.exponential(MEAN_PAUSE_MS));
      const fault = random.weighted(FAULTS);
      if (!this.#stopped && this.#mayStart(fault)) this.#start(fault);
    }
    await Promise.all(this.#running.values());
  }

  stop() {
    this.#stopped = true;
  }

  get total() {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  #mayStart({ name }) {
    // While the platform is away nothing else can be done to it.
    if (this.#running.has('platform restarted') || this.#running.has(name)) return false;
    return now() >= (this.#resting.get(name) ?? 0);
  }

  #start({ name, pauseMs = 0, run }) {
    this.counts[name]++;
    this.tools.audit.timeline.note(`fault: ${name}`);
    const running = this.#inflict(run).then(() => {
      this.#running.delete(name);
      this.#resting.set(name, now() + pauseMs);
    });
    this.#running.set(name, running);
  }

  async #inflict(run) {
    try {
      await run(this.tools);
    } catch (error) {
      // The platform was restarted under its hands.
      if (error.code !== 'SANDBOX_STOPPED') throw error;
    }
  }
}
