/**
 * Measures the limit and the module in turn (A B A B …), so that whatever the machine does meanwhile meets both. What
 * the first rounds give is thrown away: the code is not compiled yet.
 * @template Sample
 * @param {object} setup
 * @param {() => Promise<Sample>} setup.limit measures the limit once
 * @param {() => Promise<Sample>} setup.ours measures the module once
 * @param {number} setup.repetitions
 * @param {number} setup.warmUps
 * @returns {Promise<{ limit: Sample[], ours: Sample[] }>}
 */
export async function inTurn({ limit, ours, repetitions, warmUps }) {
  const samples = { limit: [], ours: [] };
  for (let round = -warmUps; round < repetitions; round++) {
    globalThis.gc?.();
    const limitSample = await limit();
    globalThis.gc?.();
    const ourSample = await ours();
    if (round < 0) continue;
    samples.limit.push(limitSample);
    samples.ours.push(ourSample);
  }
  return samples;
}
