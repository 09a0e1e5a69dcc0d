/**
 * The colour scale of ratios: logarithmic, with 1 in its middle.
 */

import { number } from "../matrix/numbers.js";
import { logTicks } from "../matrix/ticks.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

const TAIL = 0.005;

/**
 * @param {Matrix} matrix of ratios
 * @param {boolean} robust the ends are at the 99.5th percentile of sizes
 * @returns {import("../matrix/scales.js").Coloured}
 */
export function aboutOne(matrix, robust) {
  const logs = Float32Array.from(matrix.values.flat(), (value) => (value === null ? NaN : Math.log(value)));
  const sizes = logs.filter((value) => !Number.isNaN(value)).map(Math.abs).sort();
  const bound = sizes.length ? quantile(sizes, robust ? 1 - TAIL : 1) : 0;
  const share = (/** @type {number} */ log) =>
    bound > 0 ? Math.min(1, Math.max(0, 0.5 + log / bound / 2)) : 0.5 + 0 * log;
  const [low, high] = [number(Math.exp(-bound)), number(Math.exp(bound))];
  const ends = robust ? "; values beyond take the end colour" : "";
  return {
    shares: logs.map(share),
    ticks: logTicks(Math.exp(-bound), Math.exp(bound)).map((factor) => ({ at: share(Math.log(factor)), label: `×${number(factor)}` })),
    text: `logarithmic about 1, ${low} to ${high}${robust ? ", the 99.5th percentile" : ""}${ends}`,
  };
}

/**
 * @param {Float32Array} ascending
 * @param {number} share
 */
function quantile(ascending, share) {
  const at = share * (ascending.length - 1);
  const [low, high] = [ascending[Math.floor(at)], ascending[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}
