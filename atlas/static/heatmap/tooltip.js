/**
 * What a cell says, and where it says it.
 */

import { exact, owner, place } from "../matrix/numbers.js";
import { ranked } from "../matrix/sentences.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/**
 * A cell in words: exact value, row and column, native name, standard error, rank.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 * @param {string[]} notes more to say about it
 * @returns {HTMLElement[]}
 */
export function told(matrix, row, column, notes) {
  const native = matrix.native?.[column];
  const spread = matrix.spread?.[row][column];
  const [rows, columns] = matrix.axes;
  const lines = [
    line("strong", exact(matrix, row, column), "atlas-value"),
    line("span", `${place(rows, matrix.rows[row])}, ${place(columns, matrix.columns[column])}`),
  ];
  if (native && native !== matrix.columns[column]) lines.push(line("code", native));
  if (typeof spread === "number") lines.push(line("span", `standard error ${spread}`));
  const [own] = owner(matrix, column);
  const other = own === matrix || own === matrix.own ? "" : `${own.title}, ${own.unit}`;
  const small = [other, ranked(matrix, row, column), ...notes].filter(Boolean);
  return [...lines, ...small.map((note) => line("small", note))];
}

/**
 * Put a tooltip beside a cell, inside the stage.
 * @param {HTMLElement} tip
 * @param {{left: number, right: number, middle: number}} cell its edges on the stage, in pixels
 * @param {number} width of the stage
 */
export function settle(tip, cell, width) {
  const right = cell.right + 10;
  const left = cell.left - 10 - tip.offsetWidth;
  const beside = right + tip.offsetWidth <= width || left < 0;
  const x = beside ? Math.min(right, width - tip.offsetWidth) : left;
  const y = cell.middle - tip.offsetHeight / 2;
  tip.style.transform = `translate(${Math.round(Math.max(0, x))}px, ${Math.round(y)}px)`;
}

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [name] its class
 */
function line(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}
