/**
 * The text of a heatmap's tooltip.
 */

import { exact, owner, placeOf, trust } from "../matrix/numbers.js";
import { rankText } from "../matrix/sentences.js";
import { made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/**
 * A cell in words: exact value, row and column, native name, standard error, rank.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 * @param {string[]} notes more to say about it
 * @returns {HTMLElement[]}
 */
export function cellLines(matrix, row, column, notes) {
  const native = matrix.native?.[column];
  const [error, dominant] = trust(matrix, row, column);
  const value = made("span");
  value.append(made("strong", "atlas-value", exact(matrix, row, column)), error && ` ${error}`);
  /** @type {HTMLElement[]} */
  const lines = [
    value,
    made("span", "", placeOf(matrix, row, column)),
  ];
  if (native && native !== matrix.columns[column]) lines.push(made("code", "", native));
  const [own] = owner(matrix, column);
  const other = own === matrix || own === matrix.own ? "" : `${own.title}, ${own.unit}`;
  const small = [other, dominant, rankText(matrix, row, column), ...notes].filter(Boolean);
  return [...lines, ...small.map((note) => made("small", "", note))];
}
