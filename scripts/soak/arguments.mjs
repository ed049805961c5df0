import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/**
 * @typedef {object} SoakArguments
 * @property {number} minutes how long load and faults last; a fraction is allowed
 * @property {number} seed what the random numbers start from
 * @property {number} rate logins that the site starts in a second, on average
 * @property {boolean} log whether the site's log is written to `soak/site.log`
 */

/**
 * @param {string[]} args
 * @returns {SoakArguments}
 */
export function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(randomInt(1e9)) },
      rate: { type: 'string', default: '60' },
      log: { type: 'boolean', default: false },
    },
  });
  return {
    minutes: positive('--minutes', values.minutes),
    seed: positive('--seed', values.seed),
    rate: positive('--rate', values.rate),
    log: values.log,
  };
}

function positive(name, text) {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${name} takes a number above 0, got ${text}`);
}
