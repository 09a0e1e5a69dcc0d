/**
 * The data table of a matrix, built when it is first opened.
 */

import { DOMINANT, exact, isUndefined, isWhole, owner, plusMinus, toldUnit } from "../matrix/numbers.js";
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
  whole.append(made("caption", "", `${matrix.title}, ${toldUnit(matrix)}${legend(matrix)}`), head(matrix), body(matrix));
  scroll.append(whole);
  return scroll;
}

/**
 * What stands behind the values.
 * @param {Matrix} matrix
 */
function legend(matrix) {
  const owners = [matrix.own ?? matrix, ...(matrix.beside ? [matrix.beside] : [])];
  const error = owners.some((one) => one.spread && !isWhole(one)) ? "; ± standard error" : "";
  const isDominated = owners.some((one) => one.largest_share?.flat().some((share) => (share ?? 0) > DOMINANT));
  return error + (isDominated ? `; percentages: share of the value from a single passage or sequence, if above ${100 * DOMINANT}%` : "");
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
    row.append(header(matrix.rows[at], "row"), ...values.map((_, column) => cell(matrix, at, column)));
  });
  return whole;
}

/**
 * A value, its standard error where that is known, and what one passage or sequence makes of it where
 * that is much.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
function cell(matrix, row, column) {
  const [own, at] = owner(matrix, column);
  const [error, share] = [own.spread?.[row][at] ?? null, own.largest_share?.[row][at] ?? 0];
  const whole = made("td", "", shown(matrix, row, column));
  if (error !== null && !isWhole(own)) whole.append(" ", made("small", "", plusMinus(error)));
  if (share > DOMINANT) whole.append(" ", made("small", "", `${Math.round(100 * share)}%`));
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
  return exact(matrix, row, column);
}
