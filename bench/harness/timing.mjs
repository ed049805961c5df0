/** Runs `work`, which does something `count` times. @returns {Promise<number>} how often it does it in a second */
export async function perSecond(count, work) {
  const startedAt = performance.now();
  await work();
  return count / ((performance.now() - startedAt) / 1000);
}

/** @returns {Promise<number>} how long it takes once, in microseconds */
export async function microsecondsEach(count, work) {
  return 1e6 / (await perSecond(count, work));
}

/** @returns {Promise<number>} how much processor time it takes once, in microseconds, on all threads together */
export async function cpuMicrosecondsEach(count, work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
