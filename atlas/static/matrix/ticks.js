/**
 * The same in `atlas/site/figures/ticks.py`.
 *
 * The ticks of an axis or a colour bar: round values within it. Its ends are ticks only where they are
 * round themselves.
 */

import { exponent } from "./numbers.js";

const [FEW, MANY] = [6, 7];
const FACTORS = [1, 2, 5];
const SLACK = 1e-9; // of a step, for ends that are a multiple of it but for rounding

/**
 * Multiples of 1, 2 or 5 times a power of ten, as close as `most` allows; at least two of six.
 * @param {number} low
 * @param {number} high
 * @param {{most?: number, whole?: boolean}} [wish] whole: of whole numbers, as counts and layers are
 * @returns {number[]} ascending; the one value of an axis without extent
 */
export function linearTicks(low, high, { most = FEW, whole = false } = {}) {
  if (!(high > low)) return [low];
  for (let power = whole ? 0 : exponent(Math.min(high - low, Number.MAX_VALUE)) - 2; ; power += 1) {
    for (const factor of FACTORS) {
      const step = scaled(factor, power);
      const [first, last] = [Math.ceil(low / step - SLACK), Math.floor(high / step + SLACK)];
      if (last - first >= most) continue;
      const all = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => scaled((first + at) * factor, power));
      return all.filter((value) => value >= low && value <= high);
    }
  }
}

/**
 * 1, 2 and 5 of each decade; where these are too many, decades, or every second, third ... of them.
 * @param {number} low above 0
 * @param {number} high
 * @param {{most?: number, whole?: boolean}} [wish] as for `linearTicks`
 * @returns {number[]} ascending; those of a linear axis where it is too short for two of them
 */
export function logTicks(low, high, { most = MANY, whole = false } = {}) {
  if (!(high > low)) return [low];
  const [first, last] = [exponent(low), exponent(high)];
  const inside = (/** @type {number} */ every, /** @type {number[]} */ factors) => {
    const powers = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter((at) => at % every === 0);
    const all = powers.flatMap((power) => factors.map((factor) => scaled(factor, power)));
    return all.filter((value) => value >= low && value <= high && !(whole && value % 1));
  };
  const close = inside(1, FACTORS);
  if (close.length < 2) return linearTicks(low, high, { most: Math.min(most, FEW), whole });
  if (close.length <= most) return close;
  for (let every = 1; ; every += 1) {
    const decades = inside(every, [1]);
    if (decades.length <= most) return decades;
  }
}

/**
 * @param {number} digits
 * @param {number} power
 * @returns {number} the closest number to that many times a power of ten
 */
function scaled(digits, power) {
  return Number(`${digits}e${power}`);
}
