/**
 * A survey as a scene for files and paper, and as a table: the models that are shown, in their order.
 */

import { shownAxes } from "./bundle.js";
import { direction, field, rounded } from "../matrix/numbers.js";
import { MISSING, hatching, valueOf } from "../matrix/scales.js";
import { barOf } from "../panels/colour-bar.js";
import { colour } from "../panels/canvas.js";

/** @typedef {import("./tiles.js").Tile} Tile */
/** @typedef {import("./tiles.js").State} State */
/** @typedef {import("./bundle.js").Bundle} Bundle */
/** @typedef {import("./bundle.js").Quantity} Quantity */
/** @typedef {{bundle: Bundle, quantity: Quantity, shown: Tile[], state: State, palettes: Record<string, string[]>}} Survey */

/** What leads from a model to the note on it. */
const MARK = "\u2020";
/** Panels of a printed page. */
const PAGE = 20;

/**
 * @param {Survey} survey
 * @returns {import("../drawing/scene.js").Scene}
 */
export function sceneOf({ bundle, quantity, shown, state, palettes }) {
  const { off } = state;
  const palette = palettes[quantity.kind];
  const isWhole = quantity.transform === "whole";
  const shade = (/** @type {number} */ step) => (step === MISSING || (isWhole && off.has(step)) ? null : colour(quantity, palette, step));
  const panels = shown.flatMap(({ model, map, laid, notes }) => {
    if (!map || !laid) return [];
    const { x, y, width, height } = laid;
    const grid = { rows: map.rows.length, columns: map.columns.length, colours: Array.from(map.steps, shade) };
    return [{ title: `${model.name}${notes.length ? MARK : ""}`, x, y, grid, ratio: height / width }];
  });
  const classes = quantity.categories.map((label, at) => ({ label, colour: colour(quantity, palette, at) })).filter((_, at) => !off.has(at));
  const { analysis, version } = bundle.index;
  return {
    title: quantity.title,
    caption: [...told(quantity, shown), `Source: survey/${analysis}/bundle.json, version ${version} of the method; values in the 255 steps of the colour scale.`],
    rows: [panels],
    keys: [isWhole ? { kind: "classes", title: "", classes } : barOf(quantity, palettes, false)],
  };
}

/**
 * The same in parts that fit a page each, with the key of the colours on all of them.
 * @param {Survey} survey
 */
export function pagesOf(survey) {
  const { shown } = survey;
  return Array.from({ length: Math.ceil(shown.length / PAGE) }, (_, at) => sceneOf({ ...survey, shown: shown.slice(at * PAGE, (at + 1) * PAGE) }));
}

/**
 * @param {Quantity} quantity
 * @param {Tile[]} shown
 */
function told(quantity, shown) {
  // @ts-ignore: `direction` reads no more of a matrix than is here
  const higher = direction(quantity).replace(/^[a-z]/, (letter) => letter.toUpperCase());
  return [
    `${quantity.title}${quantity.unit ? `, ${quantity.unit}` : ""}. ${higher}.`,
    quantity.transform === "whole" ? "" : `Colours: ${quantity.text}.`,
    shown.some((tile) => tile.tally()[MISSING]) ? `${hatching(quantity).replace(/^h/, "H")}.` : "",
    ...noted(shown),
  ].filter(Boolean);
}

/**
 * What must be known of models, each note once with those that it is on.
 * @param {Tile[]} shown
 */
function noted(shown) {
  /** @type {Map<string, string[]>} */
  const names = new Map();
  for (const { model, notes } of shown) for (const note of notes) names.set(note, [...(names.get(note) ?? []), model.name]);
  return [...names].map(([note, models]) => `${MARK} ${models.join(", ")}: ${note.replace(/\.?$/, ".")}`);
}

/**
 * Every cell that is drawn on a line, with names for classes; numbers are those of its colour.
 * @param {Survey} survey
 */
export function csvOf({ quantity, shown }) {
  const head = ["model", ...shownAxes(quantity), quantity.transform === "whole" ? quantity.title : `${quantity.title}, to the step of its colour`];
  const lines = shown.flatMap(({ model, map }) => {
    if (!map) return [];
    const { rows, columns, steps } = map;
    return [...steps].map((step, at) => {
      const labels = [model.name, rows[Math.floor(at / columns.length)], columns[at % columns.length]];
      return [...labels.map(field), step === MISSING ? "" : (quantity.categories[step] && field(quantity.categories[step])) || String(rounded(valueOf(quantity, step), 4))];
    });
  });
  return [head.map(field), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}
