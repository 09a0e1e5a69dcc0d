/**
 * The same in `atlas/site/figures/heatmap.py`, for what stands on a page before a script has run.
 *
 * Sentences about a matrix and its cells.
 */

import { ABSENT, SURELY, UNDEFINED, classes, exact, isWhole, known, owner, placeOf, rank, trust, worded } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */

/**
 * How many values do not exist in this architecture.
 * @param {Matrix} matrix
 */
export function absent(matrix) {
  return matrix.rows.length * matrix.columns.length - known(matrix).length - vague(matrix);
}

/**
 * How many values cannot be defined for this model.
 * @param {Matrix} matrix
 */
export function vague(matrix) {
  return (matrix.undefined?.length ?? 0) + (matrix.beside?.undefined?.length ?? 0);
}

/**
 * What cells without a value stand for.
 * @param {Matrix} matrix
 * @returns {string} empty where all have one
 */
export function hatched(matrix) {
  return [absent(matrix) && ABSENT, vague(matrix) && UNDEFINED].filter(Boolean).join(" or ");
}

/**
 * One sentence computed from the values.
 * @param {Matrix} matrix
 */
export function summary(matrix) {
  const { axes, rows, columns } = matrix;
  const isSquare = axes[0] === axes[1] && rows.join() === columns.join() && rows.length > 1;
  const told = isSquare ? offDiagonal(matrix) : matrix;
  const values = known(told);
  const [none, unclear] = [absent(matrix), vague(matrix)];
  if (!values.length) {
    const what = [none && "exist in this architecture", unclear && "can be defined for this model"];
    return `None of these values ${what.filter(Boolean).join(" or ")}.`;
  }
  const all = matrix.rows.length * matrix.columns.length;
  const tail =
    (none ? `; ${none} of ${all} do not exist in this architecture` : "") +
    (unclear ? `; ${unclear} of ${all} cannot be defined for this model` : "");
  if (isWhole(matrix)) {
    const parts = classCounts(matrix)
      .filter(({ count }) => count)
      .sort((a, b) => b.count - a.count)
      .slice(0, 4)
      .map(({ label, count }) => `${label} in ${count}`);
    return `Of ${values.length} cells: ${parts.join(", ")}${tail}.`;
  }
  const low = values[0];
  const high = values[values.length - 1];
  return (
    `Highest ${placed(told, high)}; lowest ${placed(told, low)}; ` +
    `median ${worded(matrix, median(values))} over ${values.length} values${isSquare ? " off the diagonal" : ""}${tail}.`
  );
}

/**
 * A matrix without what a row is to itself, which no model could have otherwise.
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
function offDiagonal(matrix) {
  const values = matrix.values.map((line, row) => line.map((value, column) => (row === column ? null : value)));
  return { ...matrix, values };
}

/**
 * In how many cells each class of a discrete matrix is.
 * @param {Matrix} matrix
 * @returns {{label: string, count: number}[]}
 */
export function classCounts(matrix) {
  const counts = classes(matrix).map((label) => ({ label, count: 0 }));
  for (const value of known(matrix)) counts[value].count += 1;
  return counts;
}

/**
 * A cell's place among all of them, where values have an order.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 * @returns {string} empty where they have none
 */
export function rankText(matrix, row, column) {
  const value = matrix.values[row][column];
  if (value === null || isWhole(matrix)) return "";
  const values = known(owner(matrix, column)[0]);
  return `rank ${rank(values, value)} of ${values.length}`;
}

/**
 * A cell as it is read aloud.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
export function cellText(matrix, row, column) {
  const value = exact(matrix, row, column);
  const [error, dominant] = trust(matrix, row, column);
  const unit = matrix.values[row][column] === null || isWhole(matrix) ? "" : owner(matrix, column)[0].unit;
  const said = [value, error, unit].filter(Boolean).join(" ");
  return [`${placeOf(matrix, row, column)}: ${said}`, dominant, rankText(matrix, row, column)].filter(Boolean).join(", ");
}

/**
 * A value with the first cell that has it.
 * @param {Matrix} matrix
 * @param {number} value
 */
function placed(matrix, value) {
  const row = matrix.values.findIndex((line) => line.includes(value));
  const column = matrix.values[row].indexOf(value);
  const many = like(matrix, row, column);
  if (many > 1) return `about ${worded(matrix, value)} in ${many} cells`;
  return `${worded(matrix, value)} at ${placeOf(matrix, row, column)}`;
}

/**
 * How many cells a value cannot be told apart from, itself among them; 1 without errors.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
function like({ values, spread }, row, column) {
  if (!spread) return 1;
  const [value, error] = [values[row][column], spread[row]?.[column] ?? null];
  if (value === null || error === null) return 1;
  const within = (/** @type {number|null} */ other, /** @type {number|null|undefined} */ own) =>
    other !== null && own !== null && own !== undefined && Math.abs(other - value) <= SURELY * Math.hypot(own, error);
  return values.flatMap((line, at) => line.filter((other, to) => within(other, spread[at]?.[to]))).length || 1;
}

/** @param {readonly number[]} ascending */
function median(ascending) {
  const middle = ascending.length >> 1;
  return ascending.length % 2 ? ascending[middle] : (ascending[middle - 1] + ascending[middle]) / 2;
}
