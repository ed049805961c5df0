import { afterEach } from '@jest/globals';

export type Close = () => unknown;

/** Gives a function that remembers what to close after the test; what was opened last is closed first. */
export function useCleanup(): (close: Close) => void {
  const opened: Close[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0).toReversed()) await close();
  });
  return (close) => void opened.push(close);
}
