/**
 * Differences that are within twice their standard error.
 */

import { NOISE } from "../matrix/numbers.js";
import { isWithin } from "../matrix/paired.js";

/** @typedef {import("./scene.js").Group} Group */

/**
 * Where a model cannot be told from the baseline, whether by difference or by ratio.
 * @param {Group} group
 * @param {number} at
 * @returns {boolean[][] | null} null where no errors are known
 */
export function unsureOf(group, at) {
  if (!group.errors[at]) return null;
  return group.values[at].map((line, row) => line.map((_, column) => isUnsure(group, at, row, column)));
}

/**
 * Whether a model cannot be told from the baseline at a cell. Where neither has an error nothing is
 * unsure: such ends of a scale hold by definition.
 * @param {Group} group
 * @param {number} at
 * @param {number} row
 * @param {number} column
 */
export function isUnsure(group, at, row, column) {
  const error = group.errors[at]?.values[row][column] ?? null;
  return isWithin(apart(group, at, row, column), error) && !isExact(group, at, row, column);
}

/**
 * Whether both are equal without an error, which says nothing about either.
 * @param {Group} group
 * @param {number} at
 * @param {number} row
 * @param {number} column
 */
export function isSameByDefinition(group, at, row, column) {
  return apart(group, at, row, column) === 0 && isExact(group, at, row, column);
}

/**
 * @param {Group} group
 * @param {number} at
 * @param {number} row
 * @param {number} column
 * @returns {number | null} null where either has no value
 */
function apart({ values }, at, row, column) {
  const [base, value] = [values[0][row][column], values[at][row][column]];
  return base === null || value === null ? null : value - base;
}

/**
 * Whether neither the baseline nor a model has an error at a cell.
 * @param {Group} group
 * @param {number} at
 * @param {number} row
 * @param {number} column
 */
function isExact({ grid, models }, at, row, column) {
  return [0, at].every((model) => {
    const [own, other] = [grid.rows.places[model][row], grid.columns.places[model][column]];
    const error = own === null || other === null ? null : (models[model].matrix.spread?.[own][other] ?? null);
    return error !== null && error < NOISE;
  });
}
