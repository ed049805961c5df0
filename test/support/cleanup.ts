import { afterEach } from '@jest/globals';

export type Close = () => unknown;

/** Gives a function that registers a callback for the end of the test. The last one registered runs first. */
export function useCleanup(): (close: Close) => void {
  const opened: Close[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0).toReversed()) await close();
  });
  return (close) => void opened.push(close);
}
