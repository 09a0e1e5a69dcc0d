/**
 * The data table of a matrix, built when it is first opened.
 */

import { isUndefined } from "../matrix/numbers.js";
import { header, made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/**
 * @param {Matrix} matrix
 * @returns {HTMLElement}
 */
export function table(matrix) {
  const whole = made("table", "atlas-values"); // the theme wraps a table without a class in a scroller
  const scroll = made("div", "atlas-scroll");
  scroll.tabIndex = 0;
  whole.append(made("caption", "", `${matrix.title}, ${matrix.unit}`), head(matrix), body(matrix));
  scroll.append(whole);
  return scroll;
}

/** @param {Matrix} matrix */
function head({ axes, columns }) {
  const whole = made("thead");
  const corner = `${axes[0]} \\ ${axes[1]}`.replaceAll("_", " ");
  whole.insertRow().append(header(corner), ...columns.map((label) => header(label)));
  return whole;
}

/** @param {Matrix} matrix */
function body(matrix) {
  const whole = made("tbody");
  matrix.values.forEach((values, at) => {
    const row = whole.insertRow();
    row.append(header(matrix.rows[at], "row"), ...values.map((_, column) => made("td", "", shown(matrix, at, column))));
  });
  return whole;
}

/**
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
function shown(matrix, row, column) {
  const value = matrix.values[row][column];
  if (value === null) return isUndefined(matrix, row, column) ? "undefined" : "–";
  return matrix.categories ? matrix.categories[value] : String(value);
}
