/**
 * The colour scale of ratios: logarithmic, with 1 in its middle.
 */

import { number } from "../matrix/numbers.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

const ROUND = [1.001, 1.002, 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 30, 100, 1e3, 1e4, 1e6];
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
  return {
    shares: logs.map(share),
    ticks: ticks(bound).map((factor) => ({ at: share(Math.log(factor)), label: `×${number(factor)}` })),
    text: `logarithmic, centred on 1, from ×${low} to ×${high}${robust ? " (the 99.5th percentile; values beyond it have the colour of the end)" : ""}`,
  };
}

/**
 * 1, both ends, and a round factor between them either way.
 * @param {number} bound logarithm of the largest factor
 * @returns {number[]}
 */
function ticks(bound) {
  if (!(bound > 0)) return [1];
  const between = ROUND.findLast((factor) => Math.log(factor) < bound * 0.7);
  const upper = between && Math.log(between) > bound * 0.25 ? [between] : [];
  return [Math.exp(-bound), ...upper.map((factor) => 1 / factor), 1, ...upper, Math.exp(bound)];
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
