/** When the attacks begin, in seconds since the epoch: a whole second, so that boundaries can be met exactly. */
export const NOW = Math.floor(Date.now() / 1000);
