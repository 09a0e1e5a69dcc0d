/**
 * What axes are called where a reader meets them, and which way head maps lie.
 */

/** @typedef {import("./numbers.js").Matrix} Matrix */

/** Names that differ from those in profiles. @type {Record<string, string>} */
const NAMES = { module: "Component", cluster: "Topic", sublayer: "Block" };

/**
 * The title of an axis: `Layer`, `Component`.
 * @param {string} axis as profiles name it
 */
export function axisNamed(axis) {
  const plain = axis.replaceAll("_", " ");
  return NAMES[axis] ?? `${plain[0].toUpperCase()}${plain.slice(1)}`;
}

/**
 * Whether a matrix of these axes is shown with its rows as columns: in every map of heads, layers run
 * across.
 * @param {readonly string[]} axes
 */
export function isTurned([rows, columns]) {
  return rows === "layer" && columns === "head";
}

/**
 * A matrix as it is shown: of heads with its layers across.
 * @param {Matrix} matrix
 * @returns {Matrix}
 */
export function asShown(matrix) {
  if (!isTurned(matrix.axes)) return matrix;
  const { axes, rows, columns, values, spread, largest_share: shares, undefined: cells } = matrix;
  /** @param {(number|null)[][]} lines */
  const turned = (lines) => columns.map((_, at) => lines.map((line) => line[at]));
  return {
    ...matrix,
    axes: [axes[1], axes[0]],
    rows: columns,
    columns: rows,
    native: undefined,
    values: turned(values),
    spread: spread && turned(spread),
    largest_share: shares && turned(shares),
    undefined: cells?.map(([row, column]) => [column, row]),
  };
}
