export { type Backoff, backoffDelay } from './backoff.js';
export { type Clock, sleep, systemClock } from './clock.js';
export type { LimeLogger } from './logger.js';
export type { Random } from './random.js';
