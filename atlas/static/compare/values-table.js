/**
 * What is shown as a table and as CSV, a line for each cell of the grid with the values of all models.
 */

import { layerText } from "./words.js";
import { tidy } from "../matrix/contrast.js";
import { blank, classes, field, rounded } from "../matrix/numbers.js";
import { header, made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Sheet} Sheet */
/** @typedef {import("./scene.js").Group} Group */

/** What is told of a difference whose error is known. */
const UNSURE = ["standard error", "within two standard errors"];
const LINES = 6000; // more rows than that make a page that scrolls badly

/**
 * @param {Sheet[]} sheets
 * @returns {string} with names in place of the numbers that files have for categories
 */
export function csv(sheets) {
  const texts = groups(sheets).map((parts) => lines(parts, "slug").map((line) => `${line.map(cell).join(",")}\r\n`).join(""));
  return texts.join("\r\n");
}

/**
 * @param {Scene} scene
 * @returns {HTMLElement}
 */
export function table({ sheets }) {
  const scroll = made("div", "atlas-scroll");
  scroll.tabIndex = 0;
  for (const parts of groups(sheets)) {
    const [head, ...body] = lines(parts, "name");
    const whole = made("table", "atlas-values");
    const row = whole.createTHead().insertRow();
    row.append(...head.map((text) => header(text)));
    const rest = whole.createTBody();
    for (const line of body.slice(0, LINES)) {
      const inserted = rest.insertRow();
      inserted.append(header(line[0], "row"), ...line.slice(1).map((text) => made("td", "", text || "–")));
    }
    scroll.append(whole);
    if (body.length > LINES) scroll.append(made("p", "", `The CSV file has all ${body.length} lines.`));
  }
  return scroll;
}

/**
 * A number as it is, with its sign; anything else so that no spreadsheet takes it for a formula.
 * @param {string} text
 */
function cell(text) {
  return /^-?[\d.]+(e[+-]?\d+)?$/.test(text) ? text : field(text);
}

/**
 * Sheets of one grid belong in one table.
 * @param {Sheet[]} sheets
 * @returns {Sheet[][]}
 */
function groups(sheets) {
  return [...new Set(sheets.map(({ group }) => group))].map((group) => sheets.filter((sheet) => sheet.group === group));
}

/**
 * @param {Sheet[]} sheets of one grid
 * @param {"slug"|"name"} label what models are called
 * @returns {string[][]} a head, then a line a cell
 */
function lines(sheets, label) {
  const { group } = sheets[0];
  const { grid, models, deep } = group;
  const contrasts = sheets.filter(({ view }) => view !== "values");
  const [base] = models;
  const head = [grid.rows, grid.columns].map(({ name }) =>
    (deep && name === "layer" ? "relative depth" : name).replaceAll("_", " "),
  );
  for (const model of models) {
    head.push(...(deep ? [`${model[label]} layer`] : []), model[label]);
    if (model.matrix.spread) head.push(`${model[label]} spread`);
  }
  for (const { panels, view, kind } of contrasts) {
    const sign = kind === "binary" ? "differs from" : { difference: "minus", ratio: "divided by", values: "" }[view];
    for (const at of panels) {
      head.push(`${models[at][label]} ${sign} ${base[label]}`);
      if (group.errors[at]) head.push(...UNSURE.map((what) => `${models[at][label]} minus ${base[label]}: ${what}`));
    }
  }
  const found = [head];
  grid.rows.labels.forEach((_, row) =>
    grid.columns.labels.forEach((__, column) => found.push(line(group, contrasts, row, column))),
  );
  return found;
}

/**
 * @param {Group} group
 * @param {Sheet[]} contrasts
 * @param {number} row
 * @param {number} column
 * @returns {string[]}
 */
function line(group, contrasts, row, column) {
  const { grid, models, deep } = group;
  const cells = [grid.rows.labels[row], grid.columns.labels[column]];
  models.forEach(({ matrix }, at) => {
    if (deep) cells.push(layerText(group, at, row, column).replace("layer ", ""));
    const [own, other] = [grid.rows.places[at][row], grid.columns.places[at][column]];
    const value = own === null || other === null ? null : matrix.values[own][other];
    if (value !== null) cells.push(classes(matrix)[value] ?? String(value));
    else cells.push(own === null || other === null ? "" : blank(matrix, own, other));
    if (matrix.spread) cells.push(own === null || other === null ? "" : inFile(matrix.spread[own][other]));
  });
  for (const { shown, panels, unsure, view, labels } of contrasts) {
    panels.forEach((at, panel) => {
      const value = shown[panel][row][column];
      cells.push(value === null ? "" : (labels[value] ?? (view === "ratio" ? inFile(value) : String(tidy(value)))));
      const errors = group.errors[at];
      if (!errors) return;
      const error = errors.values[row][column];
      const isUnsure = unsure[panel]?.[row][column];
      cells.push(...(error === null ? ["", ""] : [inFile(error), isUnsure ? "yes" : "no"]));
    });
  }
  return cells;
}

/**
 * What is computed here, to as many digits as the files have.
 * @param {number|null} value
 */
function inFile(value) {
  return value === null ? "" : String(rounded(value, 4));
}
