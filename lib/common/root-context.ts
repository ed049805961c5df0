import { AsyncResource } from 'node:async_hooks';
import type { Clock } from './clock.js';

/**
 * The asynchronous context in which a site was built. Work of the site that a request only happens to start, such as a timer that serves
 * the logins of several requests, runs in it: with `AsyncLocalStorage` it would otherwise see the request of a stranger.
 */
export class RootContext {
  readonly #scope = new AsyncResource('LimeSite');

  run<Result>(work: () => Result): Result {
    return this.#scope.runInAsyncScope(() => isolate(work));
  }

  /** A clock whose callbacks run in this context. */
  bindClock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      schedule: (callback, ms) => clock.schedule(() => this.run(callback), ms),
    };
  }
}

/** Runs work in a scope of its own: on Node 20, `enterWith()` changes the scope in which it is called. */
export function isolate<Result>(work: () => Result): Result {
  return new AsyncResource('LimeSite').runInAsyncScope(work);
}
