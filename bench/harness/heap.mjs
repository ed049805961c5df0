/** What is still in use after a forced collection, typed arrays included, in bytes. */
export async function heapInUse() {
  for (let pass = 0; pass < 3; pass++) {
    await new Promise(setImmediate); // lets go of what a running function still holds
    globalThis.gc();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
