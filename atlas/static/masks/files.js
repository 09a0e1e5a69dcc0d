/**
 * The masks as files: CSV with a line a block, SVG and PNG of the two panels as they are shown.
 */

import { offerPicture } from "../heatmap/downloads.js";
import { KINDS, NAMES } from "./data.js";
import { share, state } from "./words.js";
import { field } from "../matrix/numbers.js";
import { sheet, svg } from "../heatmap/picture.js";
import { offer } from "../shell/dom.js";

/** @typedef {import("./figure.js").MaskFigure} MaskFigure */
/** @typedef {import("./data.js").Kind} Kind */
/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

const [CELL, HIGH] = [22, 18]; // pixels of a block

/**
 * @param {MaskFigure} figure
 * @param {string} kind csv, svg or png
 */
export async function save(figure, kind) {
  const name = `${figure.element.dataset.file}.blocks.${kind}`;
  if (kind === "csv") return offer(name, new Blob([csv(figure)], { type: "text/csv" }));
  return offerPicture(name, kind, drawn(figure));
}

/**
 * @param {MaskFigure} figure
 * @returns {string} a line for every block of every topic, in the order that is shown
 */
function csv({ masks, shown, order }) {
  const lines = [["cluster", "topic", "block", "layer", `delta (${masks.unit})`, "mask"]];
  for (const topic of order) {
    for (const kind of KINDS) {
      for (const [layer, label] of masks.layers.entries()) {
        const delta = masks.deltas[kind][topic][layer];
        lines.push([String(topic), field(masks.topics[topic]), kind, label, String(delta), state(shown[kind][topic][layer])]);
      }
    }
  }
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/**
 * @param {MaskFigure} figure
 * @returns {string} an SVG document: MLP blocks on the left, attention blocks on the right
 */
function drawn(figure) {
  const { masks, element, count } = figure;
  const smallest = `${share(count, masks.blocks)} are pruned for every topic, those with the smallest delta`;
  const titles = [
    `Block masks of ${element.dataset.name}`,
    `Topics by layers; dark: kept, light: pruned. ${figure.learned ? "Learned masks" : smallest}. ${element.dataset.file}.json`,
  ];
  return sheet(titles, [KINDS.map((kind, at) => svg(content(figure, kind, at === 0)))]);
}

/**
 * @param {MaskFigure} figure
 * @param {Kind} kind
 * @param {boolean} labelled
 * @returns {import("../heatmap/picture.js").Content}
 */
function content({ masks, shown, order, colours }, kind, labelled) {
  const values = order.map((topic) => shown[kind][topic]);
  const rows = order.map((topic) => (labelled ? masks.topics[topic] : ""));
  const palette = colours.palettes.binary;
  /** @type {Matrix} */
  const matrix = { name: `mask:${kind}`, title: NAMES[kind], unit: "", direction: "", kind: "binary", scale: "linear", axes: ["cluster", "layer"], rows, columns: masks.layers, values };
  return {
    matrix,
    shares: Float32Array.from(values.flat(), (value) => (value + 0.5) / 2),
    palette,
    ticks: [],
    axes: [labelled ? "topic" : "", "layer"],
    rows,
    columns: masks.layers,
    classes: labelled ? [1, 0].map((value) => ({ label: state(value), colour: palette[value] })) : [],
    lines: [`${NAMES[kind]} blocks`],
    width: Math.max(160, masks.layers.length * Math.min(CELL, 720 / masks.layers.length)),
    height: rows.length * HIGH,
    bare: true,
  };
}
