import { afterEach } from '@jest/globals';

export type Close = () => unknown;

/**
 * Gives a function that registers a callback for the end of the test, or with `afterAll` for the end of the tests. The last
 * one registered runs first.
 */
export function useCleanup(after = afterEach): (close: Close) => void {
  const opened: Close[] = [];
  after(async () => {
    for (const close of opened.splice(0).toReversed()) await close();
  });
  return (close) => void opened.push(close);
}
