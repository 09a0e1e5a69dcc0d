/**
 * The live map of the home page: what a head does is told under the pointer and to the arrow keys, and
 * the map's link leads to that head.
 */

import { nextCell } from "../panels/keys.js";
import { Marks, whole } from "../panels/marks.js";
import { Tooltip } from "../panels/tooltip.js";

/** @typedef {[number, number]} Cell head and layer: heads run down, layers across */

const NONE = "-";

export class Opening {
  /** @param {HTMLElement} element */
  constructor(element) {
    const { cells, down, classes, root } = element.dataset;
    this.link = /** @type {HTMLAnchorElement} */ (element.querySelector(".atlas-opening-map"));
    this.cells = String(cells);
    this.heads = Number(down);
    this.layers = this.cells.length / this.heads;
    /** @type {string[]} */
    this.classes = JSON.parse(String(classes));
    this.page = String(root);
    this.marks = new Marks();
    this.tip = new Tooltip(this.link);
    this.link.append(this.marks.element);
    this.home = this.link.href;
    /** @type {Cell | null} */
    this.cell = null;
    this.gone = new AbortController();
    this.listen();
  }

  listen() {
    const { signal } = this.gone;
    for (const type of /** @type {const} */ (["pointermove", "pointerdown"])) {
      this.link.addEventListener(type, (event) => this.show(this.under(event)), { signal });
    }
    for (const type of ["pointerleave", "blur"]) {
      this.link.addEventListener(type, () => this.show(null), { signal });
    }
    this.link.addEventListener("keydown", (event) => this.press(event), { signal });
  }

  /**
   * @param {PointerEvent} event
   * @returns {Cell}
   */
  under({ clientX, clientY }) {
    const box = this.link.getBoundingClientRect();
    const at = (/** @type {number} */ share, /** @type {number} */ count) =>
      Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    return [
      at((clientY - box.top) / box.height, this.heads),
      at((clientX - box.left) / box.width, this.layers),
    ];
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.key === "Escape") return this.show(null);
    const next = nextCell(event, this.cell, this.heads, this.layers);
    if (!next) return;
    event.preventDefault();
    this.show(next);
    this.tip.say(this.words(next).join(", "));
  }

  /**
   * @param {Cell} cell
   * @returns {[string, string]} what the head is, and which one
   */
  words([head, layer]) {
    const code = this.cells[layer * this.heads + head];
    const told = code === NONE ? "No value" : this.classes[Number(code)];
    return [told, `Layer ${layer}, head ${head}`];
  }

  /**
   * Tell of a head, and have the link lead to it.
   * @param {Cell | null} cell
   */
  show(cell) {
    this.cell = cell;
    const [head, layer] = cell ?? [-1, -1];
    this.marks.light(whole(this.heads, this.layers), head, layer);
    this.link.href = cell ? `${this.page}?head=${layer}.${head}#functions` : this.home;
    if (!cell) return this.tip.hide();
    const [told, place] = this.words(cell);
    this.tip.tell(told, [place], ["Click to see what it computes"]);
    const edges = this.marks.edges();
    if (edges) this.tip.above(edges);
  }

  dispose() {
    this.gone.abort();
    this.tip.dispose();
    this.marks.element.remove();
    this.link.href = this.home;
  }
}
