/**
 * Layers as curves: what every block and its parts do to the residual stream, and what the logit lens
 * reads after each. Drawn when they come near, from the JSON that the figure above them reads.
 */

import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";
import { Lazy } from "../shell/lazy.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("../plots/lines.js").Chart} Chart */

const COLOURS = ["var(--atlas-curve-1)", "var(--atlas-curve-2)", "var(--atlas-curve-3)"];

/**
 * @param {HTMLElement} element of the page, empty until now
 * @returns {Lazy<{}>}
 */
export default function mount(element) {
  return new Lazy(element, "The curves", (signal) => draw(element, signal));
}

/**
 * @param {HTMLElement} element
 * @param {AbortSignal} signal
 */
async function draw(element, signal) {
  const source = new URL(String(element.dataset.src), document.baseURI);
  const [{ drawn }, { matrices }] = await Promise.all([import("../plots/lines.js"), fetchJson(source)]);
  if (signal.aborted) return undefined;
  const home = made("div", "atlas-trends");
  element.append(made("h3", "", "Layer by layer"), home);
  const width = Math.min(540, Math.max(300, element.clientWidth));
  home.append(...charts(matrices).map((chart) => drawn(chart, width)));
  return {};
}

/**
 * A chart for every quantity that has a value for each layer and sublayer.
 * @param {Matrix[]} matrices
 * @returns {Chart[]}
 */
export function charts(matrices) {
  return matrices.filter(({ axes }) => axes.join() === "layer,sublayer").map(chart);
}

/**
 * @param {Matrix} matrix
 * @returns {Chart} a line a column; logarithmic where values span more than two decades
 */
function chart({ title, unit, rows, columns, values }) {
  const known = /** @type {number[]} */ (values.flat().filter((value) => value !== null));
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const log = least > 0 && most / least > 100;
  const lines = columns.map((name, column) => ({
    name: NAMES[name] ?? name,
    colour: COLOURS[columns.length === 1 ? 2 : column % COLOURS.length],
    dots: false,
    points: rows.flatMap((layer, x) => {
      const y = values[x][column];
      return y === null ? [] : [{ x, y, told: `layer ${layer}, ${unit}` }];
    }),
  }));
  return {
    title: `${title}, ${unit}${log ? ", logarithmic" : ""}`,
    x: "layer",
    lines: lines.filter(({ points }) => points.length),
    ticks: ticks(rows),
    log,
  };
}

/** @type {Record<string, string>} */
const NAMES = { attn: "attention", mlp: "MLP", block: "whole block" };

/**
 * About eight of the layers, the first and the last among them.
 * @param {string[]} labels
 */
function ticks(labels) {
  const last = labels.length - 1;
  const step = Math.max(1, Math.ceil(last / 8));
  const shown = labels.map((label, at) => ({ at, label })).filter(({ at }) => at % step === 0 && (at === 0 || last - at >= step / 2));
  return last > 0 && shown[shown.length - 1].at !== last ? [...shown, { at: last, label: labels[last] }] : shown;
}
