/**
 * Words about a comparison: headings, the sentence computed from its values, and cells.
 */

import { differences, largest, tidy } from "../matrix/contrast.js";
import { isSameByDefinition, unsureOf } from "./unsure.js";
import { ABSENT, UNDEFINED, counted, exact, grouped, isWhole, number, place, plusMinus, rounded, worded, written } from "../matrix/numbers.js";

/** @typedef {import("../matrix/align.js").Values} Values */
/** @typedef {import("./scene.js").Group} Group */
/** @typedef {import("./scene.js").Sheet} Sheet */

const NAMED = 4; // classes of a model that are told one by one, the rest as one
const SIGNS = { difference: "−", ratio: "÷", values: "" };

/**
 * What a panel shows.
 * @param {Sheet} sheet
 * @param {number} at of the model in its group
 */
export function heading({ group, view, kind }, at) {
  const [base, model] = [group.models[0].name, group.models[at].name];
  if (view === "values") return model;
  return kind === "binary" ? `${model} against ${base}` : `${model} ${SIGNS[view]} ${base}`;
}

/**
 * One sentence computed from what a sheet shows.
 * @param {Sheet} sheet
 */
export function summary(sheet) {
  if (sheet.view === "values") return valuesSentence(sheet);
  if (sheet.kind === "binary") return changedClassesSentence(sheet);
  return sheet.view === "ratio" ? ratioSentence(sheet) : differenceSentence(sheet);
}

/**
 * The range of the values, and where those that may be subtracted differ most.
 * @param {Sheet} sheet
 */
function valuesSentence(sheet) {
  const { group, panels } = sheet;
  const { models, values } = group;
  if (isWhole(models[panels[0]].matrix)) return classesSentence(sheet);
  const free = panels[0] === 0 ? panels.filter((at) => at && !models[at].obstacles.length) : [];
  if (!free.length) return rangeSentence(sheet);
  const shown = differences([0, ...free].map((at) => values[at]));
  const unsure = free.map((at) => unsureOf(group, at));
  return `${differenceSentence({ ...sheet, panels: free, shown, unsure })} ${rangeSentence(sheet)}`;
}

/**
 * The highest and the lowest of all values, and each model's median.
 * @param {Sheet} sheet
 */
function rangeSentence({ group, panels, shown }) {
  /** @type {[number, string][]} */
  const ends = [];
  for (const sign of [1, -1]) {
    let most = -Infinity;
    let told = "";
    each(shown, (value, panel, row, column) => {
      if (sign * value <= most) return;
      most = sign * value;
      told = `in ${group.models[panels[panel]].name} at ${where(group, row, column, [panels[panel]])}`;
    });
    ends.push([sign * most, told]);
  }
  const [[high, highest], [low, lowest]] = ends;
  if (!highest) return "None of these values exist in these models.";
  const { matrix } = group.models[panels[0]];
  const medians = panels.map((at, panel) => {
    const values = flat([own(group, at, shown[panel])]);
    return `${group.models[at].name} ${values.length ? worded(matrix, median(values)) : "none"}`;
  });
  return `Highest ${worded(matrix, high)} ${highest}; lowest ${worded(matrix, low)} ${lowest}; medians: ${medians.join(", ")}.`;
}

/**
 * In how many cells each class is, for each model.
 * @param {Sheet} sheet
 */
function classesSentence({ group, panels, shown, labels }) {
  const parts = panels.map((at, panel) => {
    const counts = labels.map((label) => ({ label, count: 0 }));
    each([own(group, at, shown[panel])], (value) => (counts[value].count += 1));
    const most = counts.filter(({ count }) => count).sort((a, b) => b.count - a.count);
    const rest = most.splice(most.length > NAMED ? NAMED - 1 : NAMED).reduce((sum, { count }) => sum + count, 0);
    const told = most.map(({ label, count }) => `${label} in ${count}`);
    if (rest) told.push(`other classes in ${rest}`);
    return `${group.models[at].name}: ${told.join(", ") || "none"}`;
  });
  return `Cells by class: ${parts.join("; ")}.`;
}

/**
 * Of which kind the errors of a group's differences are; empty where none is known.
 * @param {Group} group
 */
export function errorsText({ errors }) {
  const known = errors.filter((one) => one !== null);
  if (!known.length) return "";
  const counts = [...new Set(known.map(({ passages }) => passages))];
  const kinds = counts.map((count) => (count ? `paired over ${grouped(count)} passages` : "unpaired"));
  return `± standard error of the difference, ${kinds.join(" or ")}`;
}

/**
 * Differences, or ratios, without those that are within the error of the difference, and without
 * cells that no model could have otherwise.
 * @param {Sheet} sheet
 * @returns {Values[]}
 */
function sure({ group, panels, shown, unsure }) {
  const isLeft = (/** @type {number} */ panel, /** @type {number} */ row, /** @type {number} */ column) =>
    unsure[panel]?.[row][column] || isSameByDefinition(group, panels[panel], row, column);
  return shown.map((lines, panel) =>
    lines.map((line, row) => line.map((value, column) => (isLeft(panel, row, column) ? null : value))),
  );
}

/**
 * How many of the differences are within their error, in words to add to a sentence.
 * @param {Sheet} sheet
 */
function unsureText({ group, unsure }) {
  if (unsure.every((one) => one === null)) return "";
  const count = unsure.flat(2).filter(Boolean).length;
  return ` ${grouped(count)} of them ${count === 1 ? "is" : "are"} within twice the standard error (${kindOf(group)}).`;
}

/**
 * What dots on a sheet stand for; empty where errors of its differences are not known.
 * @param {Sheet} sheet
 */
export function unsureKey({ group, unsure }) {
  return unsure.some((one) => one !== null) ? `within twice the standard error of the difference, ${kindOf(group)}` : "";
}

/** @param {Sheet} sheet */
function nothingSure({ group, shown }) {
  return `None of ${counted(flat(shown).length, "difference")} is beyond twice its standard error (${kindOf(group)}).`;
}

/** @param {Group} group */
function kindOf(group) {
  return errorsText(group).replace(/^.*?, /, "");
}

/** @param {Sheet} sheet */
function differenceSentence(sheet) {
  const { group, panels, shown } = sheet;
  if (!largest(shown)) return nothingInCommon(group, panels);
  const cell = largest(sure(sheet));
  if (!cell) return nothingSure(sheet);
  const [value, first, second, told] = contrastAt(group, panels, shown, cell);
  const { length } = flat(shown);
  const base = group.models[0].name;
  if (value === 0) {
    const all = length === 1 ? "the one value that both have is equal to that" : `all ${grouped(length)} values that both have are equal to those`;
    return `No difference: ${all} of ${base}.`;
  }
  const size = number(median(flat(shown).map(Math.abs)));
  return (
    `Largest difference: ${group.models[panels[cell[0]]].name} is ${number(Math.abs(value))} ` +
    `${value > 0 ? "higher" : "lower"} than ${base} at ${told} (${second} against ${first}); ` +
    `the median size of ${counted(length, "difference")} is ${size}.${unsureText(sheet)}`
  );
}

/** @param {Sheet} sheet */
function ratioSentence(sheet) {
  const { group, panels, shown } = sheet;
  if (!largest(shown, true)) return nothingInCommon(group, panels);
  const cell = largest(sure(sheet), true);
  if (!cell) return nothingSure(sheet);
  const [value, first, second, told] = contrastAt(group, panels, shown, cell);
  const ratios = flat(shown);
  return (
    `Largest ratio: ${group.models[panels[cell[0]]].name} has ${number(value)} times the value of ` +
    `${group.models[0].name} at ${told} (${second} against ${first}); ` +
    `the median of ${counted(ratios.length, "ratio")} is ${number(median(ratios))}.${unsureText(sheet)}`
  );
}

/** @param {Sheet} sheet */
function changedClassesSentence({ group, panels, shown }) {
  const parts = panels.map((at, panel) => {
    const values = flat([shown[panel]]);
    const others = values.filter((value) => value === 1).length;
    return `${group.models[at].name} in ${others} of ${values.length}`;
  });
  return `Another class than in ${group.models[0].name}, of the cells that both have: ${parts.join("; ")}.`;
}

/**
 * @param {Group} group
 * @param {number[]} panels
 */
function nothingInCommon(group, panels) {
  const others = panels.map((at) => group.models[at].name).join(", ");
  return `${group.models[0].name} has no value in common with ${others}.`;
}

/**
 * A cell of a contrast: its value, that of the baseline, that of the model, and where it is.
 * @param {Group} group
 * @param {number[]} panels
 * @param {Values[]} shown
 * @param {import("../matrix/contrast.js").Cell} cell
 * @returns {[number, string, string, string]}
 */
function contrastAt(group, panels, shown, [panel, row, column]) {
  const at = panels[panel];
  const values = [0, at].map((model) => cellText(group, model, row, column));
  const value = /** @type {number} */ (shown[panel][row][column]);
  return [value, values[0], values[1], where(group, row, column, [0, at])];
}

/**
 * The value of one model's cell as its JSON file has it, or why there is none.
 * @param {Group} group
 * @param {number} model
 * @param {number} row of the common grid
 * @param {number} column
 */
export function cellText({ grid, models }, model, row, column) {
  const { matrix } = models[model];
  const [own, other] = [grid.rows.places[model][row], grid.columns.places[model][column]];
  if (own === null) return `no ${matrix.axes[0].replaceAll("_", " ")} ${grid.rows.labels[row]}`;
  if (other === null) return `no ${place(matrix.axes[1], grid.columns.labels[column])}`;
  const text = exact(matrix, own, other);
  if (text === ABSENT || text === UNDEFINED) return text === ABSENT ? "does not exist" : "cannot be defined";
  const error = isWhole(matrix) ? null : (matrix.spread?.[own][other] ?? null);
  return error === null ? text : `${text} ${plusMinus(error)}`;
}

/**
 * The layer of a model that stands at a place of the grid.
 * @param {Group} group
 * @param {number} model
 * @param {number} row
 * @param {number} column
 */
export function layerText({ grid, models }, model, row, column) {
  const { matrix } = models[model];
  const axis = matrix.axes.indexOf("layer");
  const at = axis ? grid.columns.places[model][column] : grid.rows.places[model][row];
  return at === null ? "" : `layer ${(axis ? matrix.columns : matrix.rows)[at]}`;
}

/**
 * A cell of the grid in words; by depth with the layers of the given models.
 * @param {Group} group
 * @param {number} row
 * @param {number} column
 * @param {number[]} [named]
 */
export function where(group, row, column, named = []) {
  const { grid, models, deep } = group;
  const sides = [grid.rows, grid.columns].map(({ name, labels }, side) => {
    const label = labels[side ? column : row];
    if (!deep || name !== "layer") return place(name, label);
    const layers = named.map((at) => `${layerText(group, at, row, column)} of ${models[at].name}`);
    return `relative depth ${label}${layers.length ? ` (${layers.join(", ")})` : ""}`;
  });
  return sides.join(", ");
}

/**
 * A contrast of two cells in words; empty where it has none.
 * @param {number|null|undefined} value
 * @param {"difference"|"ratio"} view
 */
export function contrastText(value, view) {
  if (value === null || value === undefined) return "";
  if (view === "ratio") return `×${written(rounded(value, 4))}`;
  const short = tidy(value);
  return `${short > 0 ? "+" : ""}${written(short)}`;
}

/**
 * The values of a model, each once: by depth a layer can stand in several rows.
 * @param {Group} group
 * @param {number} model
 * @param {Values} lines
 * @returns {Values}
 */
function own({ grid }, model, lines) {
  const first = (/** @type {import("../matrix/align.js").Axis} */ { places }) =>
    places[model].map((place, at) => place === null || place !== places[model][at - 1]);
  const [rows, columns] = [first(grid.rows), first(grid.columns)];
  return lines.filter((_, at) => rows[at]).map((line) => line.filter((_, at) => columns[at]));
}

/**
 * @param {Values[]} values
 * @param {(value: number, model: number, row: number, column: number) => void} act
 */
function each(values, act) {
  values.forEach((lines, model) =>
    lines.forEach((line, row) =>
      line.forEach((value, column) => {
        if (value !== null) act(value, model, row, column);
      }),
    ),
  );
}

/**
 * @param {Values[]} values
 * @returns {number[]} those that exist
 */
function flat(values) {
  return /** @type {number[]} */ (values.flat(2).filter((value) => value !== null));
}

/** @param {number[]} values */
function median(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
