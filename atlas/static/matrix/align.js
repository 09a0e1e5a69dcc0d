/**
 * The same in `atlas/profiles/alignment.py` and, of what is pooled, `tests/support/comparison_reference.py`.
 *
 * Matrices of several models on one grid: rows and columns are matched by label, or layers by relative
 * depth to the nearest one.
 */

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {"layer"|"depth"} By */
/** @typedef {{name: string, labels: string[], places: (number|null)[][]}} Axis */
/** @typedef {{rows: Axis, columns: Axis}} Grid */
/** @typedef {(number|null)[][]} Values */

/** The axis that has a depth. */
export const LAYER = "layer";

/**
 * The common grid of matrices whose axes are the same.
 * @param {Matrix[]} matrices
 * @param {By} by
 * @param {boolean} shared only rows and columns that every matrix has, which may be none
 * @returns {Grid}
 */
export function align(matrices, by, shared) {
  const [rows, columns] = matrices[0].axes;
  return {
    rows: axis(rows, matrices.map((matrix) => matrix.rows), by, shared),
    columns: axis(columns, matrices.map((matrix) => matrix.columns), by, shared),
  };
}

/**
 * Whether two grids that could be made of a matrix differ: only layers have a depth.
 * @param {Matrix} matrix
 */
export function hasLayers(matrix) {
  return matrix.axes.includes(LAYER);
}

/**
 * @param {string} name
 * @param {string[][]} lists
 * @param {By} by
 * @param {boolean} shared
 * @returns {Axis}
 */
function axis(name, lists, by, shared) {
  if (name === LAYER && by === "depth") {
    const count = Math.max(...lists.map((labels) => labels.length));
    return { name, labels: depths(count), places: lists.map((labels) => nearest(count, labels.length)) };
  }
  const at = lists.map((labels) => new Map(labels.map((label, place) => [label, place])));
  const labels = merged(lists).filter((label) => !shared || at.every((place) => place.has(label)));
  return { name, labels, places: at.map((place) => labels.map((label) => place.get(label) ?? null)) };
}

/**
 * All labels once: numbers in their order, others where the first list that has them puts them.
 * @param {string[][]} lists
 * @returns {string[]}
 */
export function merged(lists) {
  /** @type {string[]} */
  const found = [];
  const seen = new Set();
  for (const labels of lists) {
    let at = 0;
    for (const label of labels) {
      if (seen.has(label)) {
        if (found[at] !== label) at = found.indexOf(label);
      } else {
        found.splice(at, 0, label);
        seen.add(label);
      }
      at += 1;
    }
  }
  if (found.every((label) => /^\d+$/.test(label))) found.sort((a, b) => Number(a) - Number(b));
  return found;
}

/**
 * Relative depths of `count` layers to three decimals, halves rounded up.
 * @param {number} count
 * @returns {string[]}
 */
export function depths(count) {
  const last = Math.max(1, count - 1);
  return Array.from({ length: count }, (_, row) =>
    String(Math.floor((2000 * row + last) / (2 * last)) / 1000),
  );
}

/**
 * For each of `count` rows from depth 0 to 1 the nearest of `length` layers, the earlier one where
 * two are as near.
 * @param {number} count
 * @param {number} length
 * @returns {number[]}
 */
export function nearest(count, length) {
  const last = Math.max(1, count - 1);
  return Array.from({ length: count }, (_, row) =>
    Math.max(0, Math.ceil((2 * row * (length - 1) - last) / (2 * last))),
  );
}

/**
 * Values of a model on the common grid; null where it has none.
 * @param {Matrix} matrix
 * @param {Grid} grid
 * @param {number} model
 * @returns {Values}
 */
export function taken(matrix, grid, model) {
  const columns = grid.columns.places[model];
  return grid.rows.places[model].map((row) =>
    columns.map((column) => (row === null || column === null ? null : matrix.values[row][column])),
  );
}

/**
 * Values of all models on the common grid. Categories are those of `pooled`, whatever number each
 * model gives them.
 * @param {Matrix[]} matrices
 * @param {Grid} grid
 * @returns {Values[]}
 */
export function stacked(matrices, grid) {
  const names = categories(matrices);
  return matrices.map((matrix, model) => {
    const values = taken(matrix, grid, model);
    const own = matrix.categories;
    if (!own) return values;
    const numbers = own.map((label) => names.indexOf(label));
    return values.map((line) => line.map((value) => (value === null ? null : numbers[value])));
  });
}

/**
 * The values of all models in one matrix, a model below the other: what one scale is computed from.
 * @param {Matrix[]} matrices
 * @param {Grid} grid
 * @param {Values[]} values of all models on the grid
 * @returns {Matrix}
 */
export function pooled(matrices, grid, values) {
  const [first] = matrices;
  const ranges = new Set(matrices.map((matrix) => JSON.stringify(matrix.range)));
  return {
    ...first,
    rows: values.flatMap((_, model) => grid.rows.labels.map((label) => `${model} ${label}`)),
    columns: grid.columns.labels,
    values: values.flat(),
    range: ranges.size === 1 ? first.range : undefined,
    categories: first.categories && categories(matrices),
    native: undefined,
    spread: undefined,
    largest_share: undefined,
    n: undefined,
  };
}

/**
 * @param {Matrix[]} matrices
 * @returns {string[]} categories of all of them, in order of appearance
 */
function categories(matrices) {
  return [...new Set(matrices.flatMap((matrix) => matrix.categories ?? []))];
}
