// Runs a module in a process of its own, so that its code, heap and event loop do not touch those of the caller.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const THIS_FILE = fileURLToPath(import.meta.url);

/** A module in a child process. Its exported functions take one object and can be called from here. */
export class Remote {
  #child;
  #calls = 0;
  #waiting = new Map();

  /** @param {URL} module */
  constructor(module) {
    this.#child = fork(THIS_FILE, [module.href], { serialization: 'advanced' });
    this.#child.on('message', ({ call, result, error }) => {
      const { resolve, reject } = this.#waiting.get(call);
      this.#waiting.delete(call);
      if (error === undefined) resolve(result);
      else reject(new Error(`${module.pathname}: ${error}`));
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${module.pathname} ended with ${code}`));
      }
    });
  }

  /**
   * @param {string} name of the exported function
   * @param {object} [input]
   * @returns {Promise<any>} its result
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

async function serve(module) {
  const functions = await import(module);
  process.on('message', async ({ call, name, input }) => {
    try {
      process.send({ call, result: await functions[name](input) });
    } catch (error) {
      process.send({ call, error: String(error?.stack ?? error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

// Without `await`: the module may import this file.
if (process.argv[1] === THIS_FILE) void serve(process.argv[2]);
