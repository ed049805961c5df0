export { ExpiringSet } from './expiring-set.js';
export { KeyedDigest } from './keyed-digest.js';
export { RecentMap } from './recent-map.js';
