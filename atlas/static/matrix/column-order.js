/**
 * The same in `atlas/site/figures/column_order.py`, for the order that a figure opens with.
 *
 * Which way round a matrix is drawn, the order of its rows and columns, and layers by relative depth.
 */

import { axisNamed } from "./axes.js";
import { decimals, numeric } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {"canonical"|"name"|"mean"} Order */

const LAYER = "layer";

/**
 * The orders that fit a matrix, the one of its file first. Layers keep theirs.
 * @param {Matrix} matrix
 * @returns {{value: Order, label: string}[]}
 */
export function orders(matrix) {
  const at = sortable(matrix);
  if (at < 0) return [{ value: "canonical", label: "Layers in order" }];
  const labels = at ? matrix.columns : matrix.rows;
  const many = plural(matrix.axes[at]);
  const counted = numeric(labels);
  /** @type {{value: Order, label: string}[]} */
  const found = [{ value: "canonical", label: counted ? `${many} by number` : `${many}, default order` }];
  if (!counted) found.push({ value: "name", label: `${many} by name` });
  if (matrix.kind !== "categorical") found.push({ value: "mean", label: `${many} by mean` });
  return found;
}

/**
 * The order that a figure opens with: the one that its analysis states, but heads and whatever else is
 * numbered stand by number.
 * @param {Matrix} matrix
 * @param {string} [stated]
 * @returns {Order}
 */
export function openingOrder(matrix, stated) {
  const found = orders(matrix).find(({ value }) => value === stated);
  return found && !numeric(matrix.columns) ? found.value : "canonical";
}

/**
 * The same matrix in another order; itself where it is in that order already.
 * @param {Matrix} matrix
 * @param {Order} order
 * @returns {Matrix}
 */
export function arranged(matrix, order) {
  const at = sortable(matrix);
  if (order === "canonical" || at < 0) return matrix;
  const sequence = at ? sorted(matrix, order) : sorted(transposed(matrix), order);
  const moved = (/** @type {any[]} */ items) => sequence.map((index) => items[index]);
  const moveAll = (/** @type {any[][]} */ lines) => (at ? lines.map(moved) : moved(lines));
  return {
    ...matrix,
    rows: at ? matrix.rows : moved(matrix.rows),
    columns: at ? moved(matrix.columns) : matrix.columns,
    native: at && matrix.native ? moved(matrix.native) : matrix.native,
    values: moveAll(matrix.values),
    spread: matrix.spread && moveAll(matrix.spread),
    largest_share: matrix.largest_share && moveAll(matrix.largest_share),
  };
}

/**
 * The same matrix with its layers across, where it is a map of heads; any other as it is.
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
export function upright(matrix) {
  if (!isHeads(matrix)) return matrix;
  const { axes, undefined: cells } = matrix;
  const turned = transposed(matrix);
  return {
    ...turned,
    axes: [axes[1], axes[0]],
    spread: matrix.spread && turnedRound(matrix.spread),
    largest_share: matrix.largest_share && turnedRound(matrix.largest_share),
    ...(cells && { undefined: cells.map(([row, column]) => /** @type {[string, string]} */ ([column, row])) }),
  };
}

/**
 * Whether a matrix is a map of heads, as files have it: layers in rows.
 * @param {Pick<Matrix, "axes">} matrix
 */
export function isHeads({ axes }) {
  return axes[0] === LAYER && axes[1] === "head";
}

/**
 * A matrix with the one column of another before its own, where both have the same rows and the same
 * fixed scale; itself where they have not.
 * @param {Matrix} matrix
 * @param {Matrix | undefined} first
 * @returns {Matrix}
 */
export function joined(matrix, first) {
  if (!first || !fits(matrix, first)) return matrix;
  return {
    ...matrix,
    columns: [...first.columns, ...matrix.columns],
    native: matrix.native && [...(first.native ?? first.columns), ...matrix.native],
    values: matrix.values.map((line, row) => [...first.values[row], ...line]),
    spread: undefined, // those of both are told by `owner`
    largest_share: undefined,
    beside: first,
    own: matrix,
  };
}

/**
 * @param {Matrix} matrix
 * @param {Matrix} first
 * @returns {boolean}
 */
export function fits(matrix, first) {
  const scale = (/** @type {Matrix} */ { axes, rows, kind, scale, range }) => JSON.stringify([axes, rows, kind, scale, range]);
  const isFixed = matrix.range?.every((end) => end !== null) ?? false;
  const isOther = !matrix.columns.some((column) => first.columns.includes(column));
  return isFixed && isOther && first.columns.length === 1 && scale(matrix) === scale(first);
}

/**
 * The title of an axis, with its order where that is not the canonical one.
 * @param {Matrix} matrix
 * @param {number} at 0 for rows, 1 for columns
 * @param {Order} order
 * @param {boolean} deep layers are labelled by relative depth
 */
export function axisTitle(matrix, at, order, deep) {
  const name = axisNamed(matrix.axes[at]);
  if (deep && matrix.axes[at] === LAYER) return "Layer, relative depth";
  if (at !== sortable(matrix) || order === "canonical") return name;
  return `${name}, ${order === "mean" ? "by mean, highest first" : "by name"}`;
}

/**
 * Whether rows or columns are layers, of which there are several.
 * @param {Matrix} matrix
 */
export function hasDepth(matrix) {
  return [matrix.rows, matrix.columns].some((labels, at) => isDepth(matrix, at) && labels.length > 1);
}

/**
 * @param {Matrix} matrix
 * @param {number} at 0 for rows, 1 for columns
 */
export function isDepth(matrix, at) {
  return matrix.axes[at] === LAYER;
}

/**
 * Relative depth of layers: 0 for the first, 1 for the last.
 * @param {string[]} labels of all layers
 * @returns {string[]}
 */
export function depths(labels) {
  return labels.map((_, at) => (labels.length > 1 ? decimals(at / (labels.length - 1), 2) : "0"));
}

/**
 * @param {Matrix} matrix
 * @returns {number} which axis may be sorted: 1 for columns, 0 for rows, -1 for none
 */
function sortable(matrix) {
  if (matrix.axes[1] !== LAYER) return 1;
  return matrix.axes[0] !== LAYER ? 0 : -1;
}

/**
 * @param {Matrix} matrix
 * @param {Order} order
 * @returns {number[]} columns in that order; equal ones as in the file
 */
function sorted(matrix, order) {
  const sequence = matrix.columns.map((_, at) => at);
  if (order === "name") {
    return sequence.sort((a, b) => (matrix.columns[a] < matrix.columns[b] ? -1 : 1));
  }
  const means = sequence.map((column) => mean(matrix.values.map((line) => line[column])));
  return sequence.sort((a, b) => means[b] - means[a] || a - b);
}

/**
 * @param {(number|null)[]} values
 * @returns {number} of those that exist; the least of all numbers where none does
 */
function mean(values) {
  const found = /** @type {number[]} */ (values.filter((value) => value !== null));
  if (!found.length) return -Number.MAX_VALUE;
  return found.reduce((sum, value) => sum + value / found.length, 0);
}

/**
 * @param {Matrix} matrix
 * @returns {Matrix} its rows as columns, for what is computed from labels and values
 */
function transposed(matrix) {
  return { ...matrix, rows: matrix.columns, columns: matrix.rows, values: turnedRound(matrix.values) };
}

/**
 * @template T
 * @param {T[][]} lines
 * @returns {T[][]} columns as lines
 */
function turnedRound(lines) {
  return (lines[0] ?? []).map((_, column) => lines.map((line) => line[column]));
}

/**
 * @param {string} axis
 * @returns {string} `Components`, `Categories`, `Key/value heads`
 */
function plural(axis) {
  const name = axisNamed(axis);
  return name.endsWith("y") ? `${name.slice(0, -1)}ies` : `${name}s`;
}
