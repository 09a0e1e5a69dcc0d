/**
 * Words about a comparison: headings, scales and cells.
 */

import { LAYER } from "../matrix/align.js";
import { scoreName } from "../matrix/chance.js";
import { tidy } from "../matrix/contrast.js";
import { ABSENT, UNDEFINED, counted, exact, grouped, isWhole, number, place, plusMinus, rounded, toldUnit, written } from "../matrix/numbers.js";

/** @typedef {import("./scene.js").Group} Group */
/** @typedef {import("./scene.js").Sheet} Sheet */

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
 * What stands beside the title of a panel: how large the model is, and by which version of the method
 * it was measured.
 * @param {Sheet} sheet
 * @param {number} at of the model in its group
 */
export function detail({ group, view }, at) {
  const { matrix, profile } = group.models[at];
  return view === "values" ? [size(matrix), `version ${profile.version}`] : [];
}

/**
 * How far the values of a panel can be trusted and compared with others: what chance would give, and
 * what is unlike.
 * @param {Sheet} sheet
 * @param {number} at of the model in its group
 * @returns {string[]}
 */
export function caveats({ group, view }, at) {
  const { obstacles, mark, doubt, stale, profile, matrix } = group.models[at];
  const isPlain = view === "values";
  const said = scoreName(matrix.name);
  const chance = said && profile.facts?.[`chance:${said.relation}@${said.k}`];
  const told = [isPlain && typeof chance === "number" && `chance at most ${number(chance)}`, stale && "stale", isPlain && obstacles.length > 0 && "measured differently", mark, doubt && "in doubt"];
  return told.flatMap((one) => one || []);
}

/**
 * The numbers of layers and heads; of rows where there are no layers.
 * @param {import("../matrix/numbers.js").Matrix} matrix
 */
function size({ axes, rows, columns }) {
  const sides = axes.map((name, side) => ({ name, count: (side ? columns : rows).length }));
  const told = sides.filter(({ name }, side) => (name === LAYER ? axes.indexOf(LAYER) === side : name === "head"));
  return (told.length ? told : sides.slice(0, 1)).map(({ name, count }) => counted(count, name.replaceAll("_", " "))).join(" × ");
}

/**
 * What the colour bar of a sheet is of.
 * @param {Sheet} sheet
 */
export function quantity({ group, view }) {
  const { matrix } = group.models[0];
  const { title } = matrix;
  if (view === "ratio") return `${title}: ratio`;
  return `${title}${view === "difference" ? ": difference" : ""} (${toldUnit(matrix)})`;
}

/**
 * How values become colours.
 * @param {Sheet} sheet
 */
export function scaleText({ group, coloured, view, panels }) {
  const unit = view === "ratio" ? "" : `; ${toldUnit(group.models[0].matrix)}`;
  return `${panels.length > 1 ? "One scale for all panels" : "Colour scale"}: ${coloured.text}${unit}`;
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
 * What dots on a sheet stand for; empty where errors of its differences are not known.
 * @param {Sheet} sheet
 */
export function unsureKey({ group, unsure }) {
  return unsure.some((one) => one !== null) ? `within twice the standard error of the difference, ${kindOf(group)}` : "";
}

/** @param {Group} group */
export function kindOf(group) {
  return errorsText(group).replace(/^.*?, /, "");
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
