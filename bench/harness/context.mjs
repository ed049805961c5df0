import { Remote } from './remote.mjs';

/**
 * What a figure gets to measure with.
 * @param {boolean} quick once and little: shows that the bench runs, not how fast anything is
 */
export async function createContext(quick) {
  const load = new Remote('load/load.mjs');
  return {
    load,
    baseUrl: await load.call('start'),
    repetitions: quick ? 1 : 7,
    /** Rounds before the first one that counts. */
    warmUps: quick ? 0 : 2,
    /** Multiplies amounts. */
    scale: quick ? 0.05 : 1,
    quick,
  };
}
