import Sequencer from '@jest/test-sequencer';

/** Files that take long wait for other processes most of the time. They begin first, so that the rest runs beside them. */
const FIRST = ['/test/cluster/processes.', '/test/browser/', '/test/cluster/', '/test/nginx/'];

export default class SlowestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = FIRST.findIndex((part) => path.includes(part));
      return index === -1 ? FIRST.length : index;
    };
    return super.sort(tests).toSorted((one, other) => rank(one) - rank(other));
  }
}
