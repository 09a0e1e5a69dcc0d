/**
 * Heads as points: any two scores as axes, a third as colour. What is pointed at here is lit in the
 * maps of the page, and the other way round.
 */

import { exact, known } from "../matrix/numbers.js";
import { bar } from "../panels/legend.js";
import { drawDots, frame, plane, Points, axisScale } from "../plots/points.js";
import { readHead, readPin, whenBackOrForward } from "../shell/address.js";
import { made, node } from "../shell/dom.js";
import { placeIn, join, leave, lightOthers } from "../shell/linked-figures.js";
import { choices } from "./choices.js";
import { SmallMaps } from "./small-maps.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("./mount.js").Head} Head */

const REACH = 26; // pixels from a pointer within which a head is found

export class Scatter {
  /**
   * @param {HTMLElement} element
   * @param {Matrix[]} scores two or more, of the same heads
   * @param {string[]} palette
   * @param {(head: Head) => void} open
   */
  constructor(element, scores, palette, open) {
    this.scores = scores;
    this.palette = palette;
    this.open = open;
    this.gone = new AbortController();
    const { axes, rows, columns } = scores[0];
    this.labels = /** @type {Matrix} */ ({ axes, rows, columns });
    /** Numbers of the heads that have a point. @type {number[]} */
    this.heads = [];
    /** Number of the head that is pointed at, -1 for none. */
    this.cell = -1;
    const go = (/** @type {number} */ head) => this.open(this.head(head));
    const listener = {
      point: (/** @type {number} */ at) => this.point(this.heads[at] ?? -1),
      open: (/** @type {number} */ at) => go(this.heads[at]),
      words: (/** @type {number} */ at) => [...this.words(this.heads[at])],
    };
    this.points = new Points(listener, REACH);
    this.stage = this.points.stage;
    this.lit = node("path", { class: "atlas-scatter-layer" });
    this.held = node("circle", { class: "atlas-scatter-held" });
    this.key = made("div", "atlas-heads-key");
    const { x, y, shade, own, controls } = choices(scores);
    this.x = x;
    this.y = y;
    this.shade = shade;
    this.own = own;
    this.maps = new SmallMaps(scores, palette, (head) => this.point(head), go);
    const about = made("p", "atlas-note", "Each point is a head. Point at one to read its scores and to light it in the small maps.");
    element.append(made("h3", "", "Heads by two scores"), about, controls, this.stage, this.key, this.maps.element);
    this.listen();
    join(this);
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.stage);
  }

  listen() {
    const { signal } = this.gone;
    for (const choice of [this.x, this.y, this.shade, this.own]) {
      choice.addEventListener("change", () => this.draw(), { signal });
    }
    whenBackOrForward(() => this.mark(), signal);
    document.addEventListener("atlas-pin", () => this.mark(), { signal });
  }

  /** @param {HTMLSelectElement} select @returns {Matrix} */
  score(select) {
    return /** @type {Matrix} */ (this.scores.find(({ name }) => name === select.value));
  }

  /** @param {number} at @returns {Head} */
  head(at) {
    const { rows, columns } = this.labels;
    return [rows[Math.floor(at / columns.length)], columns[at % columns.length]];
  }

  /** @param {Head} head @returns {number} -1 where there is none */
  at([layer, head]) {
    const [row, column] = [this.labels.rows.indexOf(layer), this.labels.columns.indexOf(head)];
    return row < 0 || column < 0 ? -1 : row * this.labels.columns.length + column;
  }

  /**
   * @param {Matrix} matrix
   * @param {number} at
   */
  value(matrix, at) {
    const many = this.labels.columns.length;
    return matrix.values[Math.floor(at / many)][at % many];
  }

  /** The ends of a score's axis. @param {Matrix} matrix @returns {[number, number]} */
  ends(matrix) {
    const [low, high] = matrix.range ?? [null, null];
    if (!this.own.checked && low !== null && high !== null) return [low, high];
    const values = known(matrix);
    return values.length ? [values[0], values[values.length - 1]] : [0, 1];
  }

  draw() {
    const width = Math.min(720, this.stage.clientWidth);
    if (width < 120) return; // not laid out
    const [x, y, shade] = [this.x, this.y, this.shade].map((select) => this.score(select));
    const { across, up } = plane(width, this.ends(x), this.ends(y));
    /** @type {[number[], number[]]} */
    const places = [[], []];
    this.heads = [];
    for (let head = 0; head < this.labels.rows.length * this.labels.columns.length; head += 1) {
      const [one, other] = [this.value(x, head), this.value(y, head)];
      if (one === null || other === null) continue;
      this.heads.push(head);
      places[0].push(across.at(one));
      places[1].push(up.at(other));
    }
    const size = Math.max(5, Math.min(11, 150 / Math.sqrt(this.heads.length)));
    this.points.setPlaces(width, ...places, size);
    this.lit.setAttribute("stroke-width", String(size + 7));
    this.lit.removeAttribute("d");
    this.held.setAttribute("r", String(size / 2 + 4));
    this.points.below.replaceChildren(...frame(width, across, up, x.title, y.title), this.lit);
    this.paint(width, shade, size / 2);
    this.explain(x, y, shade);
    this.maps.paint((matrix) => this.ends(matrix));
    this.cell = this.heads.includes(this.cell) ? this.cell : -1;
    this.points.at = this.heads.indexOf(this.cell);
    this.mark();
  }

  /**
   * What the colours mean, and the points in words.
   * @param {Matrix} x
   * @param {Matrix} y
   * @param {Matrix} shade
   */
  explain(x, y, shade) {
    const [low, high] = this.ends(shade);
    const told = { kind: "sequential", transform: /** @type {const} */ ("linear"), low, high, below: false, above: false };
    const { unit, direction } = shade;
    this.key.replaceChildren(bar({ ...told, categories: [], unit, direction }, { sequential: this.palette }));
    const rest = `${x.title} across, ${y.title} up, ${shade.title} as colour.`;
    this.stage.setAttribute(
      "aria-label",
      `${this.heads.length} heads as points: ${rest} Arrow keys go from head to head, left and right by the one, up and down by the other. Enter opens a head.`,
    );
  }

  /**
   * @param {number} width
   * @param {Matrix} shade
   * @param {number} radius
   */
  paint(width, shade, radius) {
    const { at: share } = axisScale(this.ends(shade), 0, this.palette.length - 1);
    const style = getComputedStyle(this.stage);
    const [edge, none] = ["muted", "hatch"].map((name) => style.getPropertyValue(`--atlas-${name}`).trim());
    const dots = this.heads.map((head, at) => {
      const value = this.value(shade, head);
      const colour = value === null ? none : this.palette[Math.round(share(value))];
      return { x: this.points.x[at], y: this.points.y[at], colour };
    });
    drawDots(this.points.canvas, width, dots, radius, edge);
  }

  /**
   * @param {number} at
   * @returns {Generator<string>} the head, then its scores
   */
  *words(at) {
    yield `Head ${this.head(at).join(".")}`;
    const many = this.labels.columns.length;
    for (const matrix of this.scores) yield `${matrix.title} ${exact(matrix, Math.floor(at / many), at % many)}`;
  }

  /**
   * Show a head in the tooltip, and light it in all figures of the page.
   * @param {number} next -1 for none
   */
  point(next) {
    if (next === this.cell) return;
    this.cell = next;
    const [layer, one] = next < 0 ? ["", ""] : this.head(next);
    lightOthers(this, next < 0 ? null : [["layer", layer], ["head", one]]);
    this.mark();
    const at = this.heads.indexOf(next);
    if (at < 0) return this.points.tell(-1);
    const [title, ...rest] = this.words(next);
    this.points.tell(at, made("strong", "atlas-value", title), ...rest.map((line) => made("small", "", line)));
  }

  /**
   * Rings around the head that is pointed at, and the one that the address has open or pinned.
   * @param {number} [lit] a head that another figure points at
   */
  mark(lit = -1) {
    const [shown, kept] = [lit >= 0 ? lit : this.cell, this.kept()];
    const many = this.labels.columns.length;
    this.maps.mark(shown < 0 ? -1 : Math.floor(shown / many), shown < 0 ? -1 : shown % many, kept);
    const held = this.points.put(this.held, this.heads.indexOf(kept));
    this.points.mark(this.heads.indexOf(shown), lit >= 0 ? this.head(lit).join(".") : "", [held]);
  }

  /** @returns {number} the head of the address, -1 for none */
  kept() {
    const open = readHead();
    if (open) return this.at([String(open[0]), String(open[1])]);
    const pin = readPin();
    return pin?.figure === "attention" ? this.at([pin.row, pin.column]) : -1;
  }

  /** Another figure points at a place: a head, or a layer of heads. @param {import("../shell/linked-figures.js").Place | null} place */
  follow(place) {
    const [row, column] = place ? placeIn(place, this.labels) : [-1, -1];
    const isLayer = row >= 0 && column < 0;
    const many = this.labels.columns.length;
    const { x, y } = this.points;
    const spots = this.heads.map((head, at) => (isLayer && Math.floor(head / many) === row ? spot(x[at], y[at]) : ""));
    this.lit.setAttribute("d", spots.join(""));
    this.mark(row >= 0 && column >= 0 ? row * many + column : -1);
    if (isLayer) this.maps.mark(row, -1, this.kept());
  }

  /** A pin in another figure changes only the address. */
  release() {
    this.mark();
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.draw();
  }

  dispose() {
    this.gone.abort();
    this.points.dispose();
    this.sized.disconnect();
    leave(this);
  }
}

/**
 * A dot of a path whose lines have round ends.
 * @param {number} x
 * @param {number} y
 */
function spot(x, y) {
  return `M${x} ${y}h0`;
}
