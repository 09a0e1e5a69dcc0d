/**
 * The heads of a model by any two of their scores, with the highest of each score: starts when it comes
 * near, from the JSON that the figure above it reads.
 */

import { writeHead } from "../shell/address.js";
import { loadTemplate } from "../shell/bokeh.js";
import { fetchJson } from "../shell/fetch.js";
import { Lazy } from "../shell/lazy.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {[string, string]} Head labels of layer and head */

/**
 * @param {HTMLElement} element of the page, empty until now
 * @returns {Lazy<import("./scatter.js").Scatter>}
 */
export default function mount(element) {
  return new Lazy(element, "The heads", (signal) => load(element, signal));
}

/**
 * @param {HTMLElement} element
 * @param {AbortSignal} signal
 */
async function load(element, signal) {
  const [{ Scatter }, { topHeads }, { palettes }, profile] = await Promise.all([
    import("./scatter.js"),
    import("./top-heads.js"),
    loadTemplate(),
    fetchJson(new URL(String(element.dataset.src), document.baseURI)),
  ]);
  const scores = headScores(profile.matrices);
  if (signal.aborted || scores.length < 2) return undefined; // with one score there are no points
  const scatter = new Scatter(element, profile, scores, palettes.sequential, openHead);
  element.append(topHeads(scores, (head) => scatter.point(head ? scatter.at(head) : -1), openHead));
  return scatter;
}

/**
 * Scores of heads that have the same heads, in the order of the file.
 * @param {Matrix[]} matrices
 * @returns {Matrix[]}
 */
export function headScores(matrices) {
  return matrices.filter(({ axes, kind }) => axes.join() === "layer,head" && kind === "sequential");
}

/**
 * Open a head's panel, on pages that have one: it listens to heads that are pinned.
 * @param {Head} head
 */
function openHead([layer, head]) {
  if (!document.querySelector('[data-atlas="functions"]')) return;
  writeHead([Number(layer), Number(head)], false, true);
  const detail = { figure: "functions", axes: ["layer", "head"], pinned: { row: layer, column: head } };
  document.dispatchEvent(new CustomEvent("atlas-pin", { detail }));
}
