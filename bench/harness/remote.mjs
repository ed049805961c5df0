import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVE = fileURLToPath(new URL('serve.mjs', import.meta.url));

/** A module of the bench at work in a process of its own: its exports are called here and run there. */
export class Remote {
  #child;
  #calls = 0;
  #waiting = new Map();

  /** @param {string} module relative to `bench/` */
  constructor(module) {
    this.#child = fork(SERVE, [module], { serialization: 'advanced' });
    this.#child.on('message', ({ call, result, error }) => {
      const { resolve, reject } = this.#waiting.get(call);
      this.#waiting.delete(call);
      if (error === undefined) resolve(result);
      else reject(new Error(`${module}: ${error}`));
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${module} ended: ${code}`));
    });
  }

  /**
   * @param {string} name of the function
   * @param {object} [input]
   * @returns {Promise<any>} what it gives
   */
  call(name, input = {}) {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#child.send({ call, name, input });
    });
  }

  async stop() {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
