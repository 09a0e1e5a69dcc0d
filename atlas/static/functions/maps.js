/**
 * Five linked panels of heads by layers: all categories of relations, and one a category with the
 * heads that have it, coloured by how many categories they have in all or by their relations in it.
 */

import { CATEGORIES, categories, judged, scores, told } from "./words.js";
import { explain } from "../panels/legend.js";
import { found, join, leave, tell } from "../shell/linked-figures.js";
import { Marks, whole } from "../panels/marks.js";
import { MISSING, stepOf } from "../matrix/scales.js";
import { cellAt, paint, pixels } from "../panels/canvas.js";
import { moved } from "../panels/keys.js";
import { Tooltip } from "../panels/tooltip.js";
import { labelled, made, select } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {[number, number]} Head layer and head */
/** @typedef {{name: string, values: (number|null)[][], canvas: HTMLCanvasElement, marks: Marks, bars: HTMLElement}} Shown */

const TOLD = 6; // scores that a tooltip has room for

export class FunctionalMaps {
  /**
   * @param {HTMLElement} element the `figure` of the page
   * @param {any} profile `functions.json`
   * @param {Record<string, string[]>} palettes
   * @param {(head: Head, byKey: boolean) => void} open
   */
  constructor(element, profile, palettes, open) {
    this.element = element;
    this.palettes = {
      categories: String(element.dataset.colours).split(" "),
      relations: palettes.sequential.slice(64, 240), // its ends are hard to see on dark or light ground
    };
    this.profile = profile;
    this.matrices = judged(profile);
    this.open = open;
    this.gone = new AbortController();
    /** Numbers of categories that are switched off. @type {Set<number>} */
    this.off = new Set();
    /** @type {Head | null} */
    this.cell = null;
    /** @type {Head | null} */
    this.chosen = null;
    const { rows, columns } = /** @type {Matrix} */ (this.matrices.get("relations"));
    this.axes = { axes: /** @type {[string, string]} */ (["head", "layer"]), rows: columns, columns: rows };
    this.stage = /** @type {HTMLElement} */ (element.querySelector(".atlas-maps"));
    this.panels = [...element.querySelectorAll(".atlas-map")].map((one) => this.panel(/** @type {HTMLElement} */ (one)));
    this.tip = new Tooltip(this.stage);
    this.colour = this.chooser();
    join(this);
    this.paint();
  }

  /**
   * A panel's picture becomes a canvas, with the heads of each layer as bars below.
   * @param {HTMLElement} home
   * @returns {Shown}
   */
  panel(home) {
    const name = String(home.dataset.panel);
    const frame = /** @type {HTMLElement} */ (home.querySelector(".atlas-map-frame"));
    const [canvas, marks, bars] = [made("canvas"), new Marks(), made("div", "atlas-map-bars")];
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    const title = home.querySelector("h3")?.textContent ?? "";
    canvas.setAttribute("aria-label", `${title}, heads by layers. Arrow keys read it head by head, Enter opens a head.`);
    const { rows, columns } = this.axes;
    const lines = made("div", rows.length <= 40 && columns.length <= 40 ? "atlas-map-lines" : "");
    lines.style.cssText = `--rows:${rows.length};--columns:${columns.length}`;
    frame.replaceChildren(canvas, lines, marks.element);
    frame.after(bars);
    const shown = { name, values: this.counts(name), canvas, marks, bars };
    this.listen(shown);
    return shown;
  }

  /**
   * Relations of every head, in a category or in all.
   * @param {string} name
   * @returns {(number | null)[][]} by layer and head
   */
  counts(name) {
    return /** @type {Matrix} */ (this.matrices.get(name === "all" ? "relations" : `relations:${name}`)).values;
  }

  /** @param {Shown} shown */
  listen(shown) {
    const { canvas } = shown;
    const on = (/** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      canvas.addEventListener(type, act, { signal: this.gone.signal });
    const under = (/** @type {PointerEvent} */ event) => {
      const at = cellAt(canvas, event);
      return at && /** @type {Head} */ ([at[1], at[0]]);
    };
    on("pointermove", (event) => event.pointerType !== "touch" && this.point(shown, under(event)));
    on("pointerleave", () => this.point(shown, null));
    on("focusout", () => this.point(shown, null));
    on("click", (event) => {
      const head = under(event);
      if (!head) return;
      canvas.focus({ preventScroll: true }); // the keys go on from here
      this.point(shown, head);
      this.open(head, false);
    });
    on("keydown", (event) => this.press(shown, event));
  }

  /**
   * @param {Shown} shown
   * @param {KeyboardEvent} event
   */
  press(shown, event) {
    if ((event.key === "Enter" || event.key === " ") && this.cell) {
      event.preventDefault();
      return this.open(this.cell, true);
    }
    const from = this.cell ?? this.chosen;
    const next = moved(event, from && [from[1], from[0]], this.axes.rows.length, this.axes.columns.length);
    if (!next) return;
    event.preventDefault();
    this.point(shown, [next[1], next[0]]);
    this.tip.say(this.cell ? [...this.words(this.cell)].join(". ") : "");
  }

  /** What the colours mean, for the reader to choose. @returns {HTMLSelectElement} */
  chooser() {
    const choice = select([["categories", "Number of its categories"], ["relations", "Number of its relations"]]);
    choice.addEventListener("change", () => this.paint(), { signal: this.gone.signal });
    const use = made("span", "atlas-maps-use", "Bars count the heads of each layer. A click or Enter opens a head.");
    this.element.querySelector(".atlas-controls")?.replaceChildren(labelled("Colour of a head", choice), use);
    return choice;
  }

  /** How many categories a head has. @param {number} layer @param {number} head */
  many(layer, head) {
    return CATEGORIES.filter((name) => this.counts(name)[layer][head]).length;
  }

  /** The scale of the colours. */
  scale() {
    const byRelations = this.colour.value === "relations";
    const highest = Math.max(1, ...this.counts("all").flat().map(Number));
    const scale = {
      kind: byRelations ? "relations" : "categories",
      transform: /** @type {"linear"|"whole"} */ (byRelations ? "linear" : "whole"),
      ...{ low: 1, high: highest, below: false, above: false, unit: "relations" },
      categories: CATEGORIES.map((_, at) => `${at + 1} ${at ? "categories" : "category"}`),
      direction: "more relations: of all categories in the first panel, of its own in the others",
    };
    return scale;
  }

  paint() {
    const scale = this.scale();
    const colours = pixels(scale, this.palettes, this.off);
    const { rows, columns } = this.axes;
    for (const { values, canvas, bars } of this.panels) {
      const steps = new Uint8Array(rows.length * columns.length).fill(MISSING);
      for (let layer = 0; layer < columns.length; layer += 1) {
        for (let head = 0; head < rows.length; head += 1) {
          const count = values[layer][head];
          if (!count) continue;
          const at = scale.transform === "whole" ? this.many(layer, head) - 1 : stepOf(scale, count);
          steps[head * columns.length + layer] = at;
        }
      }
      paint(canvas, { rows, columns, steps }, colours);
      this.count(values, bars);
    }
    this.key(scale);
    this.mark(this.cell);
  }

  /**
   * The heads of each layer as bars; the longest is the most of any panel.
   * @param {(number | null)[][]} values
   * @param {HTMLElement} bars
   */
  count(values, bars) {
    if (bars.childElementCount) return;
    const most = Math.max(1, ...this.counts("all").map((line) => line.filter(Boolean).length));
    for (const [layer, line] of values.entries()) {
      const heads = line.filter(Boolean).length;
      const one = made("i");
      one.style.height = `${(heads / most) * 100}%`;
      one.title = `layer ${this.axes.columns[layer]}: ${heads} of ${line.length} heads`;
      bars.append(one);
    }
  }

  /** @param {ReturnType<FunctionalMaps["scale"]>} scale */
  key(scale) {
    const home = /** @type {HTMLElement} */ (this.element.querySelector('[data-role="maps-key"]'));
    const counts = () => {
      const cells = this.counts("all").flatMap((line, layer) => line.map((_, head) => this.many(layer, head)));
      return CATEGORIES.map((_, at) => cells.filter((many) => many === at + 1).length);
    };
    explain(home, scale, this.palettes, this.off, counts, (category) => this.toggle(category));
  }

  /** @param {number} category */
  toggle(category) {
    if (!this.off.delete(category)) this.off.add(category);
    this.paint();
  }

  /**
   * @param {Head} head
   * @returns {Generator<string>}
   */
  *words(head) {
    yield `Head ${head.join(".")}`;
    yield categories(this.matrices, head);
    const all = scores(this.profile, this.matrices, head);
    for (const score of all.slice(0, TOLD)) yield told(score);
    if (all.length > TOLD) yield `and ${all.length - TOLD} more`;
  }

  /**
   * Tell a head, and light it in all figures of the page; null for none.
   * @param {Shown} shown
   * @param {Head | null} head
   */
  point({ canvas }, head) {
    if (head?.join() === this.cell?.join()) return;
    this.cell = head;
    this.mark(head);
    const { columns, rows } = this.axes;
    tell(this, head && [["layer", columns[head[0]]], ["head", rows[head[1]]]]);
    if (!head) return this.tip.hide();
    const [title, classed, ...rest] = this.words(head);
    this.tip.tell(title, [classed], rest);
    // Below the panel: beside the head it would hide the same head in the other panels.
    const { left, right } = this.tip.cell(canvas, head[1], head[0]);
    const { bottom } = this.tip.cell(canvas, rows.length - 1, 0);
    this.tip.put((left + right - this.tip.width) / 2, bottom + 8);
  }

  /** @param {Head | null} head that is lit */
  mark(head) {
    const { rows, columns } = this.axes;
    const ranges = whole(rows.length, columns.length);
    for (const { marks } of this.panels) {
      marks.light(ranges, head?.[1] ?? -1, head?.[0] ?? -1);
      marks.hold(ranges, this.chosen?.[1] ?? -1, this.chosen?.[0] ?? -1);
    }
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.paint();
  }

  /** The head that the page has open. @param {Head | null} head */
  choose(head) {
    this.chosen = head;
    this.mark(this.cell);
  }

  /** Another figure points at a place. @param {import("../shell/linked-figures.js").Place | null} place */
  follow(place) {
    const [row, column] = place ? found(place, /** @type {any} */ (this.axes)) : [-1, -1];
    this.mark(row < 0 && column < 0 ? this.cell : [column, row]);
  }

  /** A pin elsewhere does not close the head that is open. */
  release() {}

  dispose() {
    this.gone.abort();
    leave(this);
    this.tip.dispose();
  }
}
