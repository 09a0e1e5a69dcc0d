/**
 * What is shown as a table, a line for each cell of the grid with the values of all models, and as a
 * picture.
 */

import { axisName } from "./panel.js";
import { layerText, summary, unsureKey } from "./words.js";
import { tidy } from "../matrix/contrast.js";
import { downloadPicture } from "../heatmap/downloads.js";
import { blank, classes, direction, field, rounded } from "../matrix/numbers.js";
import { sheet as joined, svg } from "../heatmap/picture.js";
import { header, made, download } from "../shell/dom.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Sheet} Sheet */
/** @typedef {import("./scene.js").Group} Group */
/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("./panel.js").Content} Content */

const WIDE = 1500; // pixels across which panels of a picture stand in one row
/** What is told of a difference whose error is known. */
const UNSURE = ["standard error", "within two standard errors"];
const LINES = 6000; // more rows than that make a page that scrolls badly

/**
 * @param {"csv" | "svg" | "png"} kind
 * @param {Scene} scene
 * @param {Wish} wish
 * @param {Content[][]} contents what the panels of every sheet show
 */
export async function save(kind, scene, wish, contents) {
  const name = `compare.${wish.analysis}.${wish.matrix.replaceAll(/[:@]/g, "-")}.${wish.view}.${kind}`;
  if (kind === "csv") return download(name, new Blob([csv(scene.sheets)], { type: "text/csv" }));
  return downloadPicture(name, kind, picture(scene, wish, contents));
}

/** @param {Sheet[]} sheets */
function csv(sheets) {
  const texts = groups(sheets).map((parts) => lines(parts, "slug").map((line) => `${line.map(cell).join(",")}\r\n`).join(""));
  return texts.join("\r\n");
}

/**
 * @param {Scene} scene
 * @param {Wish} wish
 * @param {Content[][]} contents
 * @returns {string} an SVG document: the panels of all sheets, and what was compared
 */
function picture({ sheets, models }, { analysis }, contents) {
  const [{ matrix }] = models;
  const told = sheets.map((sheet) => {
    const unsure = unsureKey(sheet);
    return `Colour: ${sheet.coloured.text}${unsure && `; dotted: ${unsure}`}. ${summary(sheet)}`;
  });
  const files = models.map(({ slug, profile }) => `${slug}/${analysis}.json, version ${profile.version}`);
  const heading = [matrix.title, `${[matrix.unit, direction(matrix)].filter(Boolean).join(". ")}.`, ...told, `${files.join("; ")}; ${matrix.name}`];
  return joined(heading, sheets.flatMap((sheet, at) => rows(sheet, contents[at])));
}

/**
 * @param {Sheet} sheet
 * @param {Content[]} contents of its panels
 * @returns {string[][]} pictures in rows; the last of each has the colour bar, the lowest on the
 * left the classes
 */
function rows({ kind, labels, coloured }, contents) {
  const [{ grid, deep, box, palette }] = contents;
  const across = Math.max(1, Math.floor(WIDE / (box.left + box.width + 40)));
  const [down, along] = [grid.rows.labels, grid.columns.labels];
  const pictures = contents.map(({ title, detail, shares, unsure }, at) => {
    const last = at === contents.length - 1 || at % across === across - 1;
    const lowest = at === across * Math.floor((contents.length - 1) / across);
    return svg({
      matrix: { name: "", title, unit: "", direction: "", kind, scale: "linear", axes: ["", ""], rows: down, columns: along, values: [] },
      shares,
      palette,
      ticks: coloured.ticks,
      axes: [axisName(grid.rows, deep), axisName(grid.columns, deep)],
      rows: down,
      columns: along,
      classes: lowest ? labels.map((label, number) => ({ label, colour: palette[number] })) : [],
      lines: detail ? [title, detail] : [title],
      width: box.width,
      height: box.height,
      bare: !last || labels.length > 0,
      unsure,
    });
  });
  return Array.from({ length: Math.ceil(pictures.length / across) }, (_, at) => pictures.slice(at * across, (at + 1) * across));
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
    if (matrix.spread) cells.push(own === null || other === null ? "" : computed(matrix.spread[own][other]));
  });
  for (const { shown, panels, unsure, view } of contrasts) {
    panels.forEach((at, panel) => {
      const value = shown[panel][row][column];
      cells.push(value === null ? "" : view === "ratio" ? computed(value) : String(tidy(value)));
      const errors = group.errors[at];
      if (!errors) return;
      const error = errors.values[row][column];
      const isUnsure = unsure[panel]?.[row][column];
      cells.push(...(error === null ? ["", ""] : [computed(error), isUnsure ? "yes" : "no"]));
    });
  }
  return cells;
}

/**
 * What is computed here, to as many digits as the files have.
 * @param {number|null} value
 */
function computed(value) {
  return value === null ? "" : String(rounded(value, 4));
}
