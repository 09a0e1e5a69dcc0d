/**
 * The heads of a model by any two of their scores, with the highest of each score: comes to life when
 * it is near, from the JSON that the figure above it reads.
 */

import { writeHead } from "../shell/address.js";
import { fetchJson, loadTemplate } from "../shell/bokeh.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {[string, string]} Head labels of layer and head */

/**
 * @param {HTMLElement} element
 * @returns {Heads}
 */
export default function mount(element) {
  return new Heads(element);
}

class Heads {
  /** @param {HTMLElement} element of the page, empty until now */
  constructor(element) {
    this.element = element;
    this.gone = new AbortController();
    /** @type {import("./scatter.js").Scatter | undefined} */
    this.scatter = undefined;
    this.element.dataset.ready = "mounted";
    this.nearby = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && void this.start(),
      { rootMargin: "300px" },
    );
    this.nearby.observe(element);
  }

  async start() {
    this.nearby.disconnect();
    try {
      const source = new URL(String(this.element.dataset.src), document.baseURI);
      const [{ Scatter }, { topHeads }, { palettes }, profile] = await Promise.all([
        import("./scatter.js"),
        import("./top-heads.js"),
        loadTemplate(),
        fetchJson(source),
      ]);
      if (this.gone.signal.aborted) return;
      const scores = scored(profile.matrices);
      if (scores.length < 2) return; // nothing to hold against each other
      const open = (/** @type {Head} */ head) => openHead(head);
      const scatter = new Scatter(this.element, scores, palettes.sequential, open);
      this.scatter = scatter;
      this.element.append(topHeads(scores, (head) => scatter.point(head ? scatter.at(head) : -1), open));
      this.element.dataset.ready = "live";
    } catch (error) {
      this.element.dataset.ready = "failed";
      const note = document.createElement("p");
      note.className = "atlas-note";
      note.setAttribute("role", "alert");
      note.textContent = `The heads could not be drawn: ${error instanceof Error ? error.message : error}.`;
      this.element.append(note);
    }
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.scatter?.recolour();
  }

  /** Nothing of it stays behind. */
  dispose() {
    this.gone.abort();
    this.nearby.disconnect();
    this.scatter?.dispose();
  }
}

/**
 * Scores of heads that have the same heads, in the order of the file.
 * @param {Matrix[]} matrices
 * @returns {Matrix[]}
 */
export function scored(matrices) {
  return matrices.filter(({ axes, kind }) => axes.join() === "layer,head" && kind === "sequential");
}

/**
 * Open a head's panel, on pages that have one: it hears of heads that are pinned.
 * @param {Head} head
 */
function openHead([layer, head]) {
  if (!document.querySelector('[data-atlas="functions"]')) return;
  writeHead([Number(layer), Number(head)], false, true);
  const detail = { figure: "functions", axes: ["layer", "head"], pinned: { row: layer, column: head } };
  document.dispatchEvent(new CustomEvent("atlas-pin", { detail }));
}
