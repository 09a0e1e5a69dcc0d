/**
 * Differences that are within twice their standard error.
 */

import { differences } from "../matrix/contrast.js";
import { isWithin } from "../matrix/paired.js";

/** @typedef {import("./scene.js").Group} Group */

/**
 * Where a model cannot be told from the baseline, whether by difference or by ratio.
 * @param {Group} group
 * @param {number} at
 * @returns {boolean[][] | null} null where no errors are known
 */
export function unsureOf({ values, errors }, at) {
  const error = errors[at];
  if (!error) return null;
  const [apart] = differences([values[0], values[at]]);
  return apart.map((line, row) => line.map((value, column) => isWithin(value, error.values[row][column])));
}
