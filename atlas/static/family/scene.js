/**
 * The panels of a family, as a scene for files and paper, and as a table: what the screen shows, with
 * its labels and colours.
 */

import { blank, direction, field, owner } from "../matrix/numbers.js";
import { MISSING, hatching } from "../matrix/scales.js";
import { barOf } from "../panels/colour-bar.js";
import { colour } from "../panels/canvas.js";

/** @typedef {import("./panels.js").Laid} Laid */
/** @typedef {import("./sizes.js").Size} Size */
/** @typedef {import("./sizes.js").Analysis} Analysis */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("../drawing/scene.js").Scene} Scene */
/**
 * @typedef {object} Shown
 * @property {string} family its name
 * @property {Analysis} analysis
 * @property {Quantity} quantity
 * @property {Laid[]} laid
 * @property {Size[]} sizes
 * @property {Record<string, string[]>} palettes
 * @property {ReadonlySet<number>} off classes that are switched off
 * @property {string[]} notes conditions, in sentences
 */

/** Digits by which a revision or a digest is told from others. */
const TOLD = 12;
/** Height of the tallest panel by its width, at most. */
const TALL = 1.05;

/**
 * @param {Shown} shown
 * @returns {Scene}
 */
export function sceneOf({ family, analysis, quantity, laid, sizes, palettes, off, notes }) {
  const palette = palettes[quantity.kind];
  const isWhole = quantity.transform === "whole";
  const colours = (/** @type {Uint8Array} */ steps) =>
    Array.from(steps, (step) => (step === MISSING || (isWhole && off.has(step)) ? null : colour(quantity, palette, step)));
  // As on the screen, but no taller than a sheet has room for; layers keep one height in all panels.
  const flat = Math.min(1, TALL / Math.max(...laid.map(({ width, height }) => height / width)));
  const panels = laid.map(({ model, mark, matrix, x, y, steps, width, height }) => ({
    title: `${model.name}${mark}`,
    ...{ x, y, weight: width, ratio: (flat * height) / width },
    grid: {
      rows: matrix.rows.length,
      columns: matrix.columns.length,
      colours: colours(steps),
      apart: matrix.beside ? [1] : [],
    },
  }));
  const classes = quantity.categories.map((label, at) => ({ label, colour: colour(quantity, palette, at) })).filter((_, at) => !off.has(at));
  return {
    title: `${quantity.title}: ${family}`,
    caption: [...told(quantity, laid), ...notes, `Sources: ${sizes.map((size) => source(size, analysis)).join("; ")}.`],
    rows: [panels],
    keys: [isWhole ? { kind: "classes", title: quantity.title, classes } : barOf(quantity, palettes, true)],
  };
}

/**
 * What is drawn, in sentences.
 * @param {Quantity} quantity
 * @param {Laid[]} laid
 */
function told(quantity, laid) {
  const [{ matrix: { beside } }] = laid;
  const isHatched = laid.some(({ steps }) => steps.includes(MISSING));
  // @ts-ignore: `direction` reads no more of a matrix than is here
  const higher = direction(quantity).replace(/^[a-z]/, (letter) => letter.toUpperCase());
  return [
    `${quantity.title}${quantity.unit ? `, ${quantity.unit}` : ""}. ${higher}.`,
    quantity.transform === "whole" ? "" : `Colours: ${quantity.text}.`,
    beside ? `First column, ${beside.columns[0]}: ${beside.title}, ${beside.unit}.` : "",
    isHatched ? `${hatching(quantity).replace(/^h/, "H")}.` : "",
  ].filter(Boolean);
}

/**
 * @param {Size} size
 * @param {Analysis} analysis
 * @returns {string} file, version of the method, and the weights that were read
 */
export function source({ model, origin }, { name }) {
  const { revision, digest } = origin.model;
  const weights = revision ? `revision ${revision.slice(0, TOLD)}` : digest?.slice(0, "sha256:".length + TOLD);
  return [`${model.slug}/${name}.json`, `version ${origin.version}`, weights].filter(Boolean).join(", ");
}

/**
 * Every cell that is drawn on a line, with names for classes.
 * @param {Quantity} quantity
 * @param {Laid[]} laid
 */
export function csvOf(quantity, laid) {
  const [{ matrix: first }] = laid;
  const head = ["model", "parameters", first.axes[0], first.axes[1], quantity.title, "standard error"];
  const lines = laid.flatMap(({ model, matrix }) =>
    matrix.values.flatMap((line, row) =>
      line.map((value, column) => {
        const told = value === null ? blank(matrix, row, column) : field(quantity.categories[value] ?? "") || String(value);
        const [own, at] = owner(matrix, column);
        const error = String(own.spread?.[row][at] ?? "");
        const labels = [model.name, String(model.parameters ?? ""), matrix.rows[row], matrix.columns[column]];
        return [...labels.map(field), told, error];
      }),
    ),
  );
  return [head.map(field), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}
