// The platform and the load generator. Runs in a process of its own, and does what the bench tells it.
import * as events from './event-load.mjs';
import { PassportPool } from './passport-pool.mjs';
import { Platform } from './platform.mjs';

export { requestsPerSecond } from './request-load.mjs';

const passports = new PassportPool();
const platform = new Platform(passports.publishedKeys);

/** @returns the base URL */
export const start = () => platform.start();
/** Signs login passports that are good for two minutes. */
export const sign = ({ count }) => passports.sign(count);
export const publishedKeys = () => passports.publishedKeys;
export const keyFetches = () => platform.keyFetches;
export const whenStreams = ({ count }) => platform.whenStreams(count);
export const flood = (input) => events.flood(platform, passports, input);
export const drip = (input) => events.drip(platform, passports, input);
export const expire = (input) => events.expire(platform, input);
