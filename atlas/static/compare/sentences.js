/**
 * The sentences that are computed from what a comparison shows.
 */

import { categoryCounts, unitOf } from "./category-counts.js";
import { cellText, kindOf, where } from "./words.js";
import { differences, largest } from "../matrix/contrast.js";
import { isSameByDefinition, unsureOf } from "./unsure.js";
import { counted, grouped, isWhole, number, place, worded } from "../matrix/numbers.js";

/** @typedef {import("../matrix/align.js").Values} Values */
/** @typedef {import("./scene.js").Group} Group */
/** @typedef {import("./scene.js").Sheet} Sheet */

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
  const { plain } = group;
  /** @type {[number, string][]} */
  const ends = [];
  for (const sign of [1, -1]) {
    let most = -Infinity;
    let told = "";
    each(shown, (value, panel, row, column) => {
      if (sign * value <= most) return;
      most = sign * value;
      told = `in ${group.models[panels[panel]].name} at ${place(plain.rows.name, plain.rows.labels[row])}, ${place(plain.columns.name, plain.columns.labels[column])}`;
    });
    ends.push([sign * most, told]);
  }
  const [[high, highest], [low, lowest]] = ends;
  if (!highest) return "None of these values exist in these models.";
  const { matrix } = group.models[panels[0]];
  const medians = panels.map((at, panel) => {
    const values = flat([shown[panel]]);
    return `${group.models[at].name} ${values.length ? worded(matrix, median(values)) : "none"}`;
  });
  return `Highest ${worded(matrix, high)} ${highest}; lowest ${worded(matrix, low)} ${lowest}; medians: ${medians.join(", ")}.`;
}

/**
 * The category that most cells of a model have, and how many.
 * @param {Sheet} sheet
 */
function classesSentence(sheet) {
  const { group, panels, labels } = sheet;
  const found = categoryCounts(sheet).map((counts, panel) => {
    const most = counts.indexOf(Math.max(...counts));
    const all = counts.reduce((sum, count) => sum + count, 0);
    return { category: labels[most], told: `${grouped(counts[most])} of ${grouped(all)}`, name: group.models[panels[panel]].name };
  });
  const unit = unitOf(sheet).toLowerCase();
  if (found.every(({ category }) => category === found[0].category)) {
    return `Most common: ${found[0].category}, with ${found.map(({ told, name }) => `${told} ${unit} in ${name}`).join(", ")}.`;
  }
  return `Most common: ${found.map(({ category, told, name }) => `${category} in ${name} (${told} ${unit})`).join(", ")}.`;
}

/**
 * How many cells each category has, of every model.
 * @param {Sheet} sheet
 */
export function countsSentence(sheet) {
  const { group, panels, labels } = sheet;
  const told = categoryCounts(sheet).map((counts, panel) => {
    const parts = labels.flatMap((label, at) => (counts[at] ? [`${label} ${grouped(counts[at])}`] : []));
    return `${group.models[panels[panel]].name}: ${parts.join(", ") || "none"}`;
  });
  return `${unitOf(sheet)} by category: ${told.join("; ")}.`;
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

/** @param {Sheet} sheet */
function nothingSure({ group, shown }) {
  return `None of ${counted(flat(shown).length, "difference")} is beyond twice its standard error (${kindOf(group)}).`;
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
function changedClassesSentence(sheet) {
  const { group, panels, shown } = sheet;
  const parts = panels.map((at, panel) => {
    const values = flat([shown[panel]]);
    const others = values.filter((value) => value === 1).length;
    return `${group.models[at].name} differs from ${group.models[0].name} in ${grouped(others)} of the ${counted(values.length, unitOf(sheet).toLowerCase().slice(0, -1))} that both have`;
  });
  return `${parts.join("; ")}.`;
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
