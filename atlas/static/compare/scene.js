/**
 * What the compare page shows, computed from profiles and what the reader has chosen: which models are
 * on one grid, which values are contrasted, and the sheets of panels that share a colour scale. This
 * module does not touch the page.
 */

import { align, hasLayers, pooled, stacked } from "../matrix/align.js";
import { aboutOne } from "./ratio-scale.js";
import { changes, conditions, differences, hasRatio, obstacles, ratios } from "../matrix/contrast.js";
import { classes, isWhole } from "../matrix/numbers.js";
import { errors } from "../matrix/paired.js";
import { unsureOf } from "./unsure.js";
import { choices, colour } from "../matrix/scales.js";
import { makeAlike } from "./relations.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("../matrix/align.js").Grid} Grid */
/** @typedef {import("../matrix/align.js").Values} Values */
/** @typedef {import("../matrix/contrast.js").Profile} Profile */
/** @typedef {import("../matrix/contrast.js").Differs} Differs */
/** @typedef {import("./address.js").View} View */
/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("../matrix/paired.js").Errors} Errors */
/** @typedef {import("../matrix/common-relations.js").Pairs} Pairs */
/**
 * A chosen model; `passages` and `pairs` where its analysis has a part of that kind and it could be read.
 * @typedef {{slug: string, name: string, page: string, stale: boolean, doubt: string, profile: Profile|null, passages?: import("../matrix/paired.js").Passage[]|null, pairs?: Pairs[]|null}} Chosen
 */
/** `mark`: why its values are not quite what the baseline's are. @typedef {Chosen & {profile: Profile, matrix: Matrix, obstacles: Differs[], mark?: string}} Model */
/** @typedef {{value: string, label: string}} Choice */
/**
 * Models on one grid, the baseline first, and their values on it. `errors`: of each model's
 * differences from the baseline, null where it is not subtracted or nothing is known.
 * @typedef {{grid: Grid, models: Model[], values: Values[], errors: (Errors|null)[], deep: boolean}} Group
 */
/**
 * Panels on one colour scale. `panels` names models by their place in the group; `shown` holds what
 * each of them is coloured by; `unsure` where that is within the error of the difference, null where
 * nothing is known; `labels` the names of classes, empty where there are none.
 * @typedef {object} Sheet
 * @property {Group} group
 * @property {View} view
 * @property {number[]} panels
 * @property {Values[]} shown
 * @property {(boolean[][]|null)[]} unsure
 * @property {Matrix["kind"]} kind
 * @property {string[]} labels
 * @property {Choice[]} scales
 * @property {string} scale
 * @property {import("../matrix/scales.js").Coloured} coloured
 */
/**
 * @typedef {object} Scene
 * @property {View} view the one that is possible
 * @property {Sheet[]} sheets
 * @property {Chosen[]} lacking models without the matrix
 * @property {Model[]} models with it, the baseline first
 * @property {{model: Model, differs: Differs[]}[]} conditions
 * @property {string[]} notes what was done so that values can be compared
 * @property {boolean} deep layers can be matched by depth
 * @property {boolean} ratio ratios mean something
 */

/** @type {Choice[]} */
const RATIO_SCALES = [
  { value: "log", label: "Logarithmic about 1" },
  { value: "robust", label: "Logarithmic about 1, without outliers" },
];

/**
 * @param {Chosen[]} chosen
 * @param {Wish} wish
 * @returns {Scene}
 */
export function scene(chosen, wish) {
  const models = chosen.flatMap((one) => withMatrix(one, wish.matrix));
  const lacking = chosen.filter((one) => !models.some((model) => model.slug === one.slug));
  const [base, ...others] = models;
  if (!base) {
    return { view: "values", sheets: [], lacking, models, conditions: [], notes: [], deep: false, ratio: false };
  }
  for (const other of others) {
    other.obstacles = obstacles(base.profile, other.profile, base.matrix, other.matrix);
  }
  const notes = makeAlike(models);
  const ratio = hasRatio(base.matrix);
  const view = wish.view === "ratio" && !ratio ? "difference" : wish.view;
  const sheets = makeSheets(models, { ...wish, view });
  const told = others.map((model) => ({ model, differs: conditions(base.profile, model.profile) }));
  return {
    view: sheets[0]?.view ?? "values",
    sheets,
    lacking,
    models,
    conditions: told.filter(({ differs }) => differs.length),
    notes,
    deep: hasLayers(base.matrix),
    ratio,
  };
}

/**
 * @param {Chosen} one
 * @param {string} name of the matrix
 * @returns {Model[]} none where the model has no such matrix
 */
function withMatrix(one, name) {
  const { profile } = one;
  const matrix = profile?.matrices.find((item) => item.name === name);
  return profile && matrix ? [{ ...one, profile, matrix, obstacles: [] }] : [];
}

/**
 * The sheets: first what can be contrasted, then what is shown as it is.
 * @param {Model[]} models
 * @param {Wish} wish
 * @returns {Sheet[]}
 */
function makeSheets(models, wish) {
  const axes = (/** @type {Model} */ model) => model.matrix.axes.join(" ");
  const [group, ...apart] = groupBy(models, axes).map((part) => onOneGrid(part, wish));
  const sheets = [];
  const free = group.models.map((_, at) => at).filter((at) => at && !group.models[at].obstacles.length);
  const contrasted = wish.view !== "values" && free.length > 0;
  if (contrasted) sheets.push(contrastSheet(group, free, wish));
  const rest = group.models.map((_, at) => at).filter((at) => !contrasted || !free.includes(at));
  if (!contrasted || rest.length > 1) sheets.push(...valueSheets(group, rest, wish));
  for (const other of apart) sheets.push(...valueSheets(other, other.models.map((_, at) => at), wish));
  return sheets.filter((sheet) => sheet.group.grid.rows.labels.length && sheet.group.grid.columns.labels.length);
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => string} key
 * @returns {Item[][]} items with one key together, in order of appearance
 */
function groupBy(items, key) {
  /** @type {Map<string, Item[]>} */
  const parts = new Map();
  for (const item of items) parts.set(key(item), [...(parts.get(key(item)) ?? []), item]);
  return [...parts.values()];
}

/**
 * @param {Model[]} models
 * @param {Wish} wish
 * @returns {Group}
 */
function onOneGrid(models, wish) {
  const matrices = models.map((model) => model.matrix);
  const grid = align(matrices, wish.by, wish.shared);
  const deep = wish.by === "depth" && hasLayers(matrices[0]);
  const found = models.map((model, at) =>
    at && isFree(models[0], model) ? errors(models[0], model, grid, [0, at]) : null,
  );
  return { grid, models, values: stacked(matrices, grid), errors: found, deep };
}

/**
 * Values as they are; models with another unit or kind get a scale of their own.
 * @param {Group} group
 * @param {number[]} panels
 * @param {Wish} wish
 * @returns {Sheet[]}
 */
function valueSheets(group, panels, wish) {
  const quantity = (/** @type {number} */ at) => {
    const { unit, kind } = group.models[at].matrix;
    return `${kind} ${unit}`;
  };
  return groupBy(panels, quantity).map((part) => {
    const matrices = part.map((at) => group.models[at].matrix);
    const shown = part.map((at) => group.values[at]);
    const all = pooled(matrices, group.grid, shown);
    if (isWhole(all)) Object.assign(all, { categories: allCategories(group, all) });
    const scales = sharedScales(all);
    return makeSheet(group, "values", part, shown, all, classes(all), scales, wish.scale);
  });
}

/**
 * The names of all categories of a group, in the order of their numbers.
 * @param {Group} group
 * @param {Matrix} all
 */
function allCategories(group, all) {
  if (!all.categories) return undefined;
  return [...new Set(group.models.flatMap((model) => model.matrix.categories ?? []))];
}

/**
 * Differences from the baseline, ratios to it, or cells of another class.
 * @param {Group} group
 * @param {number[]} panels
 * @param {Wish} wish
 * @returns {Sheet}
 */
function contrastSheet(group, panels, wish) {
  const [base] = group.models;
  const values = [0, ...panels].map((at) => group.values[at]);
  const whole = isWhole(base.matrix);
  const view = whole ? "difference" : wish.view;
  const found = whole ? changes(values) : view === "ratio" ? ratios(values) : differences(values);
  const all = { ...pooled([base.matrix], group.grid, found), categories: undefined, range: undefined };
  if (whole) {
    const scales = /** @type {Choice[]} */ ([{ value: "whole", label: "By class" }]);
    /** @type {Matrix} */
    const changed = { ...all, kind: "binary", unit: "1 another class, 0 same class" };
    return makeSheet(group, view, panels, found, changed, classes(changed), scales, "");
  }
  /** @type {Matrix} */
  const signed = { ...all, kind: "diverging", scale: "linear" };
  const scales = view === "ratio" ? RATIO_SCALES : sharedScales(signed);
  return makeSheet(group, view, panels, found, signed, [], scales, wish.scale);
}

/**
 * The scales that panels can share.
 * @param {Matrix} all
 * @returns {Choice[]}
 */
function sharedScales(all) {
  return choices(all)
    .filter(({ value }) => value !== "row" && value !== "column")
    .map(({ value, label }) => ({ value, label: value === "linear" ? "Linear, range of all" : label }));
}

/**
 * @param {Group} group
 * @param {View} view
 * @param {number[]} panels
 * @param {Values[]} shown
 * @param {Matrix} all what is shown, in one matrix
 * @param {string[]} labels of classes
 * @param {Choice[]} scales that fit
 * @param {string} wanted
 * @returns {Sheet}
 */
function makeSheet(group, view, panels, shown, all, labels, scales, wanted) {
  const scale = (scales.find(({ value }) => value === wanted) ?? scales[0]).value;
  const coloured =
    view === "ratio"
      ? aboutOne(all, scale === "robust")
      : colour(all, /** @type {import("../matrix/scales.js").Scale} */ (scale));
  const { kind } = all;
  const contrasted = view !== "values" && !labels.length;
  const unsure = panels.map((at) => (contrasted ? unsureOf(group, at) : null));
  return { group, view, panels, shown, unsure, kind, labels, scales, scale, coloured };
}

/**
 * Whether a model may be subtracted from the first of its group: obstacles are those to the baseline,
 * which models of other axes have none in common with.
 * @param {Model} first
 * @param {Model} model
 */
function isFree(first, model) {
  return !first.obstacles.length && !model.obstacles.length;
}
