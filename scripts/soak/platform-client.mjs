import { Worker } from 'node:worker_threads';
import { block } from './block.mjs';

/** A second argument tells that the other side is a thread and not a window. */
const NOTHING_TO_TRANSFER = [];

/** The platform's thread, seen from the site's. */
export class PlatformClient {
  #worker;
  #calls = new Map();
  #lastCall = 0;

  constructor(seed) {
    this.#worker = new Worker(new URL('./platform-thread.mjs', import.meta.url), {
      workerData: { seed },
    });
    /** Resolves with the address and the site token. */
    this.ready = this.#answerTo(0);
    this.#worker.on('message', ({ call, result, stallMs }) => {
      if (stallMs !== undefined) block(stallMs);
      else this.#calls.get(call)?.(result);
    });
    // A soak without a platform is over.
    this.#worker.on('error', (error) => {
      throw error;
    });
  }

  /** Tells something, without an answer. */
  tell(command, payload) {
    this.#worker.postMessage({ command, ...payload }, NOTHING_TO_TRANSFER);
  }

  /** Has something done and waits for its end. */
  call(command) {
    const call = ++this.#lastCall;
    this.#worker.postMessage({ command, call }, NOTHING_TO_TRANSFER);
    return this.#answerTo(call);
  }

  end() {
    return this.#worker.terminate();
  }

  #answerTo(call) {
    return new Promise((resolve) => this.#calls.set(call, resolve)).finally(() =>
      this.#calls.delete(call),
    );
  }
}
