/**
 * The block masks of a model's page: pictures until they are near, or the address names a block of
 * them; then panels with a slider, from the JSON that the figure below them reads.
 */

import { read } from "../shell/address.js";
import { fetchJson, loadTemplate } from "../shell/bokeh.js";

/** @typedef {import("./figure.js").MaskFigure} MaskFigure */

/** What a pin in the address calls this figure. */
export const FIGURE = "block-masks";

/**
 * @param {HTMLElement} element the `figure` of the page
 * @returns {BlockMasks}
 */
export default function mount(element) {
  return new BlockMasks(element);
}

class BlockMasks {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.path = location.pathname;
    this.gone = new AbortController();
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    /** @type {MaskFigure | undefined} */
    this.figure = undefined;
    const { signal } = this.gone;
    this.nearby = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && void this.start(),
      { rootMargin: "200px" },
    );
    this.nearby.observe(element);
    element.addEventListener("focusin", () => void this.start(), { signal });
    addEventListener("popstate", () => this.recall(), { signal });
    element.dataset.ready = "mounted";
    if (read()?.figure === FIGURE) void this.start().then(() => element.scrollIntoView({ block: "nearest" }));
  }

  /** Panels instead of pictures, once; a failure is told where they would stand. */
  start() {
    this.starting ??= this.load().catch((error) => {
      this.element.dataset.ready = "failed";
      const note = document.createElement("p");
      note.className = "atlas-note";
      note.setAttribute("role", "alert");
      note.textContent = `The block masks could not be drawn: ${error.message}.`;
      this.element.append(note);
    });
    return this.starting;
  }

  async load() {
    this.nearby.disconnect();
    const source = String(this.element.dataset.src);
    const topics = new URL(source.replace(/\.json$/, ".clusters.json"), document.baseURI);
    const profile = fetchJson(new URL(source, document.baseURI));
    const needed = /** @type {const} */ ([import("./figure.js"), profile, fetchJson(topics), loadTemplate()]);
    const [{ MaskFigure }, found, { clusters }, { palettes }] = await Promise.all(needed);
    if (this.gone.signal.aborted) return;
    this.figure = new MaskFigure(this.element, found, clusters, palettes);
    this.element.dataset.ready = "live";
  }

  /** Back or forward: what the address says now. */
  recall() {
    if (location.pathname === this.path) this.figure?.recall(); // else the page is being left
  }

  /** Nothing of it stays behind. */
  dispose() {
    this.gone.abort();
    this.nearby.disconnect();
    this.figure?.dispose();
  }
}
