/** The time of the attacks in seconds since the epoch. A whole second, so that tests can meet limits exactly. */
export const NOW = Math.floor(Date.now() / 1000);
