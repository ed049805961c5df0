import { now } from './now.mjs';

const TICK_MS = 20;
const STALL_MS = 60;

/** Notices when this thread was busy with something else, such as a garbage collection, and tells from when to when. */
export function watchStalls(onStall) {
  let last = now();
  const timer = setInterval(() => {
    const moment = now();
    if (moment - last > STALL_MS) onStall(last, moment);
    last = moment;
  }, TICK_MS);
  return () => clearInterval(timer);
}
