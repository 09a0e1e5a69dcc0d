/**
 * What a heatmap shows now, for files and for paper: what its live figure is given, and the words around
 * it. `atlas/site/figures/scene.py` describes the same of what a page opens with.
 */

import { shades, shownAttributes } from "./layout.js";
import { across, colourOf, down } from "../drawing/scene.js";
import { measuredOn, source } from "../drawing/source.js";
import { classes, csv, direction, isWhole, toldUnit } from "../matrix/numbers.js";
import { hatched } from "../matrix/sentences.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */
/** @typedef {import("../drawing/scene.js").Scene} Scene */
/** @typedef {import("../drawing/scene.js").Key} Key */

/**
 * @param {Heatmap} heatmap
 * @returns {import("../drawing/scene.js").Exported}
 */
export function exported(heatmap) {
  const { element, matrix } = heatmap;
  return {
    scene: scene(heatmap),
    file: `${element.dataset.file}.${matrix.name.replaceAll(/[:@]/g, "-")}`,
    csv: () => csv(heatmap.arranged),
  };
}

/**
 * @param {Heatmap} heatmap whose matrix is loaded
 * @returns {Scene}
 */
export function scene(heatmap) {
  const { shown: matrix, element, profile } = heatmap;
  const { filling, image, text } = shownAttributes(heatmap);
  const given = (/** @type {string} */ name) => /** @type {Record<string, any>} */ (filling.get(name));
  const [x, y] = ["columns", "rows"].map((name) => {
    const labels = [...given(name).major_label_overrides.values()];
    return (name === "rows" ? down : across)(given(name).axis_label, labels, given(`${name}_ticker`).ticks);
  });
  const without = hatched(matrix);
  return {
    title: `${matrix.title} of ${element.dataset.name}`,
    caption: [
      ...meaning(matrix),
      `Colour: ${text}.${without && ` Hatched: ${without}.`}`,
      ...measuredOn(profile),
      source(profile),
    ],
    rows: [[{ title: "", x, y, grid: { ...grid(heatmap, image), apart: matrix.beside ? [1] : [] } }]],
    keys: keys(heatmap, given),
  };
}

/**
 * The unit and what a higher value means, of what has an order.
 * @param {import("../matrix/numbers.js").Matrix} matrix
 */
function meaning(matrix) {
  const told = direction(matrix);
  const unit = isWhole(matrix) ? "" : `Unit: ${matrix.unit}. `;
  return told ? [`${unit}${told}.`] : [];
}

/**
 * @param {Heatmap} heatmap
 * @param {import("../shell/bokeh.js").Image} image
 * @returns {import("../drawing/scene.js").Grid}
 */
function grid(heatmap, { width, height, shares }) {
  const palette = inked(heatmap);
  const colours = Array.from(shares, (share) => colourOf(palette, share));
  return { rows: height, columns: width, colours, lined: heatmap.box.lines, marked: heatmap.cursor.held() };
}

/**
 * The palette on paper, on which classes that are switched off leave nothing.
 * @param {Heatmap} heatmap
 */
function inked(heatmap) {
  const isOff = (/** @type {number} */ at) => isWhole(heatmap.matrix) && heatmap.off.has(at);
  return shades(heatmap).map((shade, at) => (isOff(at) ? "" : shade));
}

/**
 * @param {Heatmap} heatmap
 * @param {(name: string) => Record<string, any>} given
 * @returns {Key[]}
 */
function keys(heatmap, given) {
  const { shown: matrix } = heatmap;
  const palette = inked(heatmap);
  const without = hatched(matrix);
  const named = isWhole(matrix) ? classes(matrix).map((label, at) => ({ label, colour: palette[at] })) : [];
  const rows = [...named.filter(({ colour }) => colour), ...(without ? [{ label: without, colour: null }] : [])];
  /** @type {Key[]} */
  const found = [];
  if (given("bar").visible) {
    const labels = given("bar").major_label_overrides;
    const ticks = given("bar_ticker").ticks.map((/** @type {number} */ at) => ({ at, label: labels.get(at) }));
    found.push({ kind: "bar", title: given("bar_title").text.replaceAll("\n", " "), palette, ticks });
  }
  if (rows.length) found.push({ kind: "classes", title: "", classes: rows });
  return found;
}
