/**
 * Five linked panels of heads by layers: all categories of relations, and one a category with the
 * heads that have it, coloured by how many categories they have in all or by their relations in it.
 */

import { read, write } from "./address.js";
import { palettesOf, scaleOf } from "./colours.js";
import { bars, panel } from "./panel.js";
import { cited, exported } from "./scene.js";
import { CATEGORIES, categoryText, scoredMatrices, scores, scoreText } from "./words.js";
import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { axes, labelled as places } from "../panels/axes.js";
import { showKey } from "../panels/legend.js";
import { placeIn, join, leave, lightOthers } from "../shell/linked-figures.js";
import { whole } from "../panels/marks.js";
import { MISSING, stepOf } from "../matrix/scales.js";
import { cellAt, paint, pixels } from "../panels/canvas.js";
import { dismissed } from "../panels/dismissing.js";
import { nextCell } from "../panels/keys.js";
import { Tooltip } from "../panels/tooltip.js";
import { whenBackOrForward } from "../shell/address.js";
import { labelled, made, select } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {[number, number]} Head layer and head */
/** @typedef {import("./panel.js").Shown} Shown */

const TOLD = 6; // scores that a tooltip has room for
const [ASIDE, BELOW] = [22, 15]; // pixels from a number of an axis to the next

export class FunctionalMaps {
  /**
   * @param {HTMLElement} element the `figure` of the page
   * @param {any} profile `functions.json`
   * @param {(head: Head, byKey: boolean) => void} open
   */
  constructor(element, profile, open) {
    this.element = element;
    this.palettes = palettesOf(String(element.dataset.colours).split(" "));
    this.profile = profile;
    this.matrices = scoredMatrices(profile);
    this.open = open;
    this.gone = new AbortController();
    this.state = read();
    /** @type {Head | null} */
    this.cell = null;
    /** @type {Head | null} */
    this.chosen = null;
    const { rows, columns } = /** @type {Matrix} */ (this.matrices.get("relations"));
    this.axes = { axes: /** @type {[string, string]} */ (["head", "layer"]), rows: columns, columns: rows };
    /** Places of the layers and the heads that the axes label. @type {[number[], number[]]} */
    this.labelled = [[], []];
    this.stage = /** @type {HTMLElement} */ (element.querySelector(".atlas-maps"));
    this.panels = [...element.querySelectorAll(".atlas-map")].map((one) => this.panel(/** @type {HTMLElement} */ (one)));
    this.tip = new Tooltip(this.stage);
    this.colour = this.chooser();
    join(this);
    this.paint();
    this.finish();
  }

  /** Bars, axes that follow the width, files, paper, and the way back. */
  finish() {
    const { signal } = this.gone;
    const most = Math.max(1, ...this.counts("all").map((line) => line.filter(Boolean).length));
    for (const shown of this.panels) bars(shown, most);
    this.sized = new ResizeObserver(() => this.label());
    this.sized.observe(this.stage);
    this.label();
    const told = () => exported(this);
    this.line = exportLine(told, signal, () => cited(this));
    this.element.querySelector('[data-role="maps-key"]')?.after(this.line);
    printable(this.element, () => told().scene, signal);
    for (const one of this.element.querySelectorAll(".atlas-sideways, .atlas-unmeasured")) one.classList.add("atlas-keeps");
    whenBackOrForward(() => this.follows(), signal);
    // Escape closes the head that is open as well, which the reader has opened with the same press.
    dismissed([this.stage], () => (this.point(this.panels[0], null), false), signal);
  }

  /** @param {HTMLElement} home a panel of the page @returns {Shown} */
  panel(home) {
    const shown = panel(home, this.counts(String(home.dataset.panel)));
    this.listen(shown);
    return shown;
  }

  /** Number the layers and heads of every panel alike, as the narrowest has room for. */
  label() {
    const { rows, columns } = this.axes;
    const boxes = this.panels.map(({ canvas }) => canvas.getBoundingClientRect());
    const [width, height] = [Math.min(...boxes.map((box) => box.width)), Math.min(...boxes.map((box) => box.height))];
    if (!width) return; // not laid out
    const shown = /** @type {[number[], number[]]} */ ([places(columns.length, width, ASIDE), places(rows.length, height, BELOW)]);
    if (this.labelled.join("|") === shown.join("|")) return;
    this.labelled = shown;
    for (const { frame } of this.panels) {
      frame.querySelector(".atlas-axes")?.remove();
      frame.append(axes({ title: "Layer", labels: columns, shown: shown[0] }, { title: "Head", labels: rows, shown: shown[1] }));
    }
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
    const next = nextCell(event, from && [from[1], from[0]], this.axes.rows.length, this.axes.columns.length);
    if (!next) return;
    event.preventDefault();
    this.point(shown, [next[1], next[0]]);
    this.tip.say(this.cell ? [...this.words(this.cell)].join(". ") : "");
  }

  /** What the colours mean, for the reader to choose. @returns {HTMLSelectElement} */
  chooser() {
    const choice = select([["categories", "Number of categories"], ["relations", "Number of relations"]]);
    choice.value = this.state.colour;
    choice.addEventListener("change", () => this.change({ colour: choice.value }), { signal: this.gone.signal });
    const use = made("span", "atlas-maps-use", "The bars count the heads of each layer. Click a head, or press Enter on it, to see all of its scores.");
    this.element.querySelector(".atlas-controls")?.replaceChildren(labelled("Colour", choice), use);
    return choice;
  }

  /** @param {Partial<import("./address.js").State>} some of what is shown */
  change(some) {
    this.state = { ...this.state, ...some };
    write(this.state);
    this.paint();
  }

  /** Show what the address asks for, after a step through the history. */
  follows() {
    this.state = read();
    this.colour.value = this.state.colour;
    this.paint();
  }

  /** How many categories a head has. @param {number} layer @param {number} head */
  many(layer, head) {
    return CATEGORIES.filter((name) => this.counts(name)[layer][head]).length;
  }

  /** The scale of the colours. @returns {import("./colours.js").Scale} */
  scale() {
    return scaleOf(this.state.colour, Math.max(1, ...this.counts("all").flat().map(Number)));
  }

  /**
   * The step of every head on a scale, as a panel shows it.
   * @param {Shown} shown
   * @param {import("./colours.js").Scale} scale
   * @returns {Uint8Array} a row of layers for each head; MISSING where the panel shows nothing
   */
  steps({ values }, scale) {
    const { rows, columns } = this.axes;
    const steps = new Uint8Array(rows.length * columns.length).fill(MISSING);
    for (let layer = 0; layer < columns.length; layer += 1) {
      for (let head = 0; head < rows.length; head += 1) {
        const count = values[layer][head];
        if (!count) continue;
        const at = scale.transform === "whole" ? this.many(layer, head) - 1 : stepOf(scale, count);
        steps[head * columns.length + layer] = at;
      }
    }
    return steps;
  }

  paint() {
    const scale = this.scale();
    const colours = pixels(scale, this.palettes, this.state.off);
    for (const shown of this.panels) paint(shown.canvas, { ...this.axes, steps: this.steps(shown, scale) }, colours);
    this.key(scale);
    this.mark(this.cell);
  }

  /** @param {import("./colours.js").Scale} scale */
  key(scale) {
    const home = /** @type {HTMLElement} */ (this.element.querySelector('[data-role="maps-key"]'));
    const counts = () => {
      const cells = this.counts("all").flatMap((line, layer) => line.map((_, head) => this.many(layer, head)));
      return CATEGORIES.map((_, at) => cells.filter((many) => many === at + 1).length);
    };
    showKey(home, scale, this.palettes, this.state.off, counts, (category) => this.toggle(category));
    home.prepend(made("span", "atlas-key-title", scale.title));
  }

  /** @param {number} category */
  toggle(category) {
    const off = new Set(this.state.off);
    if (!off.delete(category)) off.add(category);
    this.change({ off });
  }

  /**
   * @param {Head} head
   * @returns {Generator<string>}
   */
  *words(head) {
    yield `Head ${head.join(".")}`;
    yield categoryText(this.matrices, head);
    const all = scores(this.profile, this.matrices, head);
    for (const score of all.slice(0, TOLD)) yield scoreText(score);
    if (all.length > TOLD) yield `and ${all.length - TOLD} more`;
    if (all.length) yield "In brackets: 95% interval";
  }

  /**
   * Show a head in the tooltip, and light it in all figures of the page; null for none.
   * @param {Shown} shown
   * @param {Head | null} head
   */
  point({ canvas }, head) {
    if (head?.join() === this.cell?.join()) return;
    this.cell = head;
    this.mark(head);
    const { columns, rows } = this.axes;
    lightOthers(this, head && [["layer", columns[head[0]]], ["head", rows[head[1]]]]);
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
    const [row, column] = place ? placeIn(place, /** @type {any} */ (this.axes)) : [-1, -1];
    this.mark(row < 0 && column < 0 ? this.cell : [column, row]);
  }

  /** A pin elsewhere does not close the head that is open. */
  release() {}

  dispose() {
    this.gone.abort();
    this.sized?.disconnect();
    leave(this);
    this.tip.dispose();
  }
}
