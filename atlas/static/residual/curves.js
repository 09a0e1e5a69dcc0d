/**
 * Layers as curves: what every layer and its blocks do to the residual stream, and what the logit lens
 * reads after each, from the JSON that the figure above them reads. `atlas/site/figures/layer_curves.py`
 * draws the same as a still picture.
 */

import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { modelName, source } from "../drawing/source.js";
import { field, numeric } from "../matrix/numbers.js";
import { linearTicks } from "../matrix/ticks.js";
import { csvOf, drawChart, keysOf, panelOf } from "../plots/lines.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("../plots/lines.js").Chart} Chart */
/** @typedef {{model: {slug: string}, conditions: Record<string, unknown>, matrices: Matrix[]}} Profile */

/** Colours of the lines on light and on dark ground. */
const COLOURS = [
  ["#b4530a", "#f0a35e"],
  ["#6b4fbb", "#b3a0ee"],
  ["#0b7a75", "#4fc3b8"],
];
const LABELLED = 8; // layers, at most
const DECADES = 100; // the ratio of values from which on their axis is logarithmic

/**
 * @param {HTMLElement} element
 * @param {AbortSignal} signal
 */
export async function draw(element, signal) {
  const url = new URL(String(element.dataset.src), document.baseURI);
  const profile = await fetchJson(url);
  if (signal.aborted) return undefined;
  const home = made("div", "atlas-trends");
  const width = Math.min(540, Math.max(300, element.clientWidth));
  const all = charts(profile);
  const scene = () => sceneOf(profile, all.map(panelOf), keysOf(all));
  const exported = () => ({ scene: scene(), file: `${profile.model.slug}.residual.layers`, csv: () => csvOf(all, field) });
  element.querySelector(".atlas-still")?.replaceWith(home, exportLine(exported, signal));
  printable(home, scene, signal);
  const recolour = () => home.replaceChildren(...charts(profile).map((chart) => drawChart(chart, width)));
  recolour();
  return { recolour };
}

/**
 * @param {Profile} profile
 * @param {import("../drawing/scene.js").Panel[]} panels
 * @param {import("../drawing/scene.js").Key[]} keys
 * @returns {import("../drawing/scene.js").Scene}
 */
function sceneOf(profile, panels, keys) {
  const { corpus, passages } = profile.conditions;
  return {
    title: `Residual stream, layer by layer: ${modelName()}`,
    caption: [corpus ? `Text: ${corpus}, ${passages} passages.` : "", source(profile)].filter(Boolean),
    rows: [panels],
    keys,
  };
}

/**
 * A chart for every quantity that has a value for each layer and block.
 * @param {Pick<Profile, "matrices" | "conditions">} profile
 * @returns {Chart[]}
 */
export function charts({ matrices, conditions }) {
  const names = conditions.mixers ? { ...NAMES, attn: MIXER } : NAMES;
  return matrices.filter(({ axes }) => axes.join() === "layer,sublayer").map((matrix) => chart(matrix, names));
}

/**
 * @param {Matrix} matrix
 * @param {Record<string, string>} names
 * @returns {Chart} a line a column; logarithmic where values span more than two decades
 */
function chart({ title, unit, rows, columns, values }, names) {
  const known = /** @type {number[]} */ (values.flat().filter((value) => value !== null));
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const log = least > 0 && most / least > DECADES;
  const isDark = document.body.dataset.mdColorScheme === "slate";
  const lines = columns.map((name, column) => {
    const [paper, dark] = COLOURS[columns.length === 1 ? 2 : column % COLOURS.length];
    return {
      ...{ name: names[name] ?? name, colour: isDark ? dark : paper, paper, dots: false },
      points: rows.flatMap((layer, x) => {
        const y = values[x][column];
        return y === null ? [] : [{ x, y, told: `layer ${layer}, ${unit}` }];
      }),
    };
  });
  const y = `${unit[0].toUpperCase()}${unit.slice(1)}`;
  return { title: log ? `${title} (log scale)` : title, x: "Layer", y, lines: lines.filter(({ points }) => points.length), across: layers(rows), log };
}

/** @type {Record<string, string>} */
const NAMES = { attn: "Attention block", mlp: "MLP block", block: "Whole layer" };

/** What the first of them is called where tokens are mixed otherwise than by attention as well. */
const MIXER = "Mixer block";

/**
 * The axis of layers, about eight of them labelled.
 * @param {string[]} labels
 * @returns {Chart["across"]}
 */
function layers(labels) {
  const last = Math.max(1, labels.length - 1);
  const shown = numeric(labels) ? linearTicks(0, last, { most: LABELLED, whole: true }) : labels.map((_, at) => at);
  return { from: 0, to: last, ticks: shown.filter((at) => at < labels.length).map((at) => ({ at, label: labels[at] })) };
}
