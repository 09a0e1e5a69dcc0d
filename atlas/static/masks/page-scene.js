/**
 * What a model's page shows of its block masks, for files, for paper and for citations.
 */

import { chosenAddress } from "./address.js";
import { csv, panel } from "./scene.js";
import * as words from "./words.js";
import { modelName, source } from "../drawing/source.js";

/** @typedef {import("./figure.js").MaskFigure} MaskFigure */

const ACROSS = 2; // panels of a row, one a kind of block

/**
 * @param {MaskFigure} figure
 * @returns {import("../drawing/scene.js").Exported}
 */
export function exported(figure) {
  const { masks, shown, order } = figure;
  const topics = order.map((topic) => masks.topics[topic]);
  return {
    scene: scene(figure),
    file: `${masks.profile.model.slug}.masks.blocks`,
    csv: () => csv([{ name: modelName(), masks, shown, topics }]),
  };
}

/**
 * Masks in the upper row, loss increases in the lower one.
 * @param {MaskFigure} figure
 * @returns {import("../drawing/scene.js").Scene}
 */
function scene({ masks, colours, panels: { panels }, rule }) {
  const row = (/** @type {number} */ from) => panels.slice(from, from + ACROSS).map(panel);
  return {
    title: titled(),
    caption: [`Kept or pruned: ${rule}.`, words.boundText(masks, colours.delta.high), ...words.origin(masks)],
    rows: [row(0), row(ACROSS)],
    keys: colours.keys({ hasDeltas: true, isHatched: false }),
  };
}

/**
 * @param {MaskFigure} figure
 * @returns {import("../drawing/citing.js").Cited}
 */
export function cited({ masks }) {
  return { title: titled(), pinned: [source(masks.profile)], address: chosenAddress() };
}

function titled() {
  return `Block masks of ${modelName()}`;
}
