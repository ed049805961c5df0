import { Remote } from './remote.mjs';

/** The bare loop and the module, each in a process of its own, so that neither is compiled for the other's sake. */
export class Readers {
  #context;
  #bare = new Remote('readers/bare-reader.mjs');
  #site = new Remote('readers/site-reader.mjs');

  constructor(context) {
    this.#context = context;
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

  /** Opens a stream, has events sent on it, and closes it again. */
  async #read(who, how, events, what) {
    const { load, baseUrl } = this.#context;
    const reader = who === 'bare' ? this.#bare : this.#site;
    await reader.call('open', { baseUrl, keys: await load.call('publishedKeys') });
    await load.call('whenStreams', { count: 1 });
    await reader.call('expect', { count: events.count });
    const [sent, result] = await Promise.all([load.call(how, events), reader.call(what)]);
    await reader.call('close');
    await load.call('whenStreams', { count: 0 });
    return { sent, result };
  }

  async stop() {
    await Promise.all([this.#bare.stop(), this.#site.stop()]);
  }
}
