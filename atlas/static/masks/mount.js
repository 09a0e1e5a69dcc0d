/**
 * The block masks of a model's page: pictures until they are near, or the address names a block of
 * them; then panels with a slider, from the JSON that the figure below them reads.
 */

import { readPin, whenBackOrForward } from "../shell/address.js";
import { loadTemplate } from "../shell/bokeh.js";
import { fetchJson } from "../shell/fetch.js";
import { Lazy } from "../shell/lazy.js";

/** @typedef {import("./figure.js").MaskFigure} MaskFigure */

/** What a pin in the address calls this figure. */
const NAME = "block-masks";

/**
 * @param {HTMLElement} element the `figure` of the page
 * @returns {Lazy<MaskFigure>}
 */
export default function mount(element) {
  const lazy = new Lazy(element, "The block masks", (signal) => load(element, signal));
  whenBackOrForward(() => lazy.part?.recall(), lazy.signal);
  if (readPin()?.figure === NAME) void lazy.start().then(() => element.scrollIntoView({ block: "nearest" }));
  return lazy;
}

/**
 * @param {HTMLElement} element
 * @param {AbortSignal} signal
 */
async function load(element, signal) {
  const source = String(element.dataset.src);
  const topics = new URL(source.replace(/\.json$/, ".clusters.json"), document.baseURI);
  const profile = fetchJson(new URL(source, document.baseURI));
  const needed = /** @type {const} */ ([import("./figure.js"), profile, fetchJson(topics), loadTemplate()]);
  const [{ MaskFigure }, found, { clusters }, { palettes }] = await Promise.all(needed);
  return signal.aborted ? undefined : new MaskFigure(element, NAME, found, clusters, palettes);
}
