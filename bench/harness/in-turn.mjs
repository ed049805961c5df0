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

/**
 * The same over several lives of the processes that are measured: V8 compiles the same code better in one process than in
 * the next, and keeps to what it made of it.
 * @template Sample
 * @param {object} setup as for `inTurn`, repetitions and warm-ups in each life
 * @param {number} setup.lives
 * @param {() => Promise<{ limit: () => Promise<Sample>, ours: () => Promise<Sample>, end: () => Promise<void> }>} setup.begin
 * starts the processes
 * @returns {Promise<{ limit: Sample[], ours: Sample[] }>}
 */
export async function inTurnOverLives({ lives, begin, ...setup }) {
  const samples = { limit: [], ours: [] };
  for (let life = 0; life < lives; life++) {
    const { end, ...processes } = await begin();
    const { limit, ours } = await inTurn({ ...setup, ...processes });
    samples.limit.push(...limit);
    samples.ours.push(...ours);
    await end();
  }
  return samples;
}
