import { Remote } from './remote.mjs';

/** In the order in which they connect, by which the load generator knows them. */
const WHO = ['bare', 'site'];

/**
 * The bare loop and the module, each in a process of its own, so that neither is compiled for the other's sake. Both stay
 * connected for as long as a figure takes, as an application does.
 */
export class Readers {
  #context;
  #readers = {
    bare: new Remote('readers/bare-reader.mjs'),
    site: new Remote('readers/site-reader.mjs'),
  };

  constructor(context) {
    this.#context = context;
  }

  async open() {
    const { load, baseUrl } = this.#context;
    const keys = await load.call('publishedKeys');
    for (const [index, who] of WHO.entries()) {
      await this.#readers[who].call('open', { baseUrl, keys });
      await load.call('whenStreams', { count: index + 1 });
    }
  }

  /**
   * @param {'bare' | 'site'} who
   * @param {object} events see `flood` in `load/event-load.mjs`
   * @returns {Promise<number>} how many came in a second
   */
  async perSecond(who, events) {
    return (await this.#read(who, 'flood', events, 'perSecond')).result;
  }

  /**
   * @param {'bare' | 'site'} who
   * @param {object} events see `drip` in `load/event-load.mjs`
   * @returns {Promise<number[]>} from the writing to the handler, in milliseconds, for each
   */
  async delays(who, events) {
    const { sent, result } = await this.#read(who, 'drip', events, 'moments');
    return result.map((at, index) => Number(at - sent[index]) / 1e6);
  }

  /**
   * @param {'bare' | 'site'} who
   * @param {object} events see `flood` in `load/event-load.mjs`
   * @param {number} rounds
   * @returns where the time goes, see `Profiler`
   */
  async profile(who, events, rounds) {
    await this.#readers[who].call('startProfile');
    for (let round = 0; round < rounds; round++) await this.perSecond(who, events);
    return this.#readers[who].call('endProfile');
  }

  async close() {
    await Promise.all(Object.values(this.#readers).map((reader) => reader.stop()));
    await this.#context.load.call('whenStreams', { count: 0 });
  }

  async #read(who, how, events, what) {
    const reader = this.#readers[who];
    await reader.call('expect', { count: events.count });
    const [sent, result] = await Promise.all([
      this.#context.load.call(how, { ...events, stream: WHO.indexOf(who) }),
      reader.call(what),
    ]);
    return { sent, result };
  }
}
