/** Milliseconds on a clock that never jumps and that all threads of the process share. */
export function now() {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
