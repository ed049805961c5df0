/** Random choices; times are in milliseconds. */

export const between = (least, most) => least + (most - least) * Math.random();
export const whole = (least, most) => Math.floor(between(least, most + 1));
export const chance = (share) => Math.random() < share;
export const pick = (items) => items[whole(0, items.length - 1)];

/** The time until the next of events that do not depend on each other. */
export const exponential = (mean) => -mean * Math.log(1 - Math.random());

/** @param {readonly { weight: number }[]} items */
export function weighted(items) {
  let left = Math.random() * items.reduce((sum, { weight }) => sum + weight, 0);
  return items.find(({ weight }) => (left -= weight) < 0) ?? items[0];
}
