const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Lets this thread do nothing at all, as on a machine with better things to do. */
export function block(ms) {
  Atomics.wait(NEVER, 0, 0, ms);
}
