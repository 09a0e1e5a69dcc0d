/**
 * Heads as points: any two scores as axes, a third as colour. What is pointed at here is lit in the
 * maps of the page, and the other way round. Points lie on a canvas between two drawings, the axes
 * below and the marks above, so that a moving pointer draws thousands of heads no second time.
 */

import { readHead } from "../shell/address.js";
import { bar, made } from "../panels/legend.js";
import { found, join, leave, tell } from "../shell/linked-figures.js";
import { layer } from "../panels/marks.js";
import { exact, known, number } from "../matrix/numbers.js";
import { choices } from "./choices.js";
import { dotted, frame, HEIGHT, nextAlong, node, plane, put, scaled, spot, text } from "../plots/points.js";
import { SmallMaps } from "./small-maps.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("./mount.js").Head} Head */
/** @typedef {import("../plots/points.js").Point} Point */

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
    /** @type {Point[]} */
    this.points = [];
    /** Number of the head that is pointed at, -1 for none. */
    this.cell = -1;
    this.tip = layer("atlas-tip");
    this.tip.hidden = true;
    this.tip.setAttribute("aria-hidden", "true"); // what it tells is spoken by `voice`
    this.voice = layer("atlas-voice");
    this.voice.setAttribute("aria-live", "polite");
    this.svg = node("svg", { "aria-hidden": "true" });
    this.dots = document.createElement("canvas");
    this.over = node("svg", { "aria-hidden": "true" });
    this.stage = layer("atlas-scatter");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.stage.append(this.svg, this.dots, this.over, this.tip, this.voice);
    this.key = layer("atlas-heads-key");
    const { x, y, shade, own, controls } = choices(scores);
    this.x = x;
    this.y = y;
    this.shade = shade;
    this.own = own;
    const go = (/** @type {number} */ at) => this.open(this.head(at));
    this.maps = new SmallMaps(scores, palette, (at) => this.point(at), go);
    const about = made("p", "atlas-note", "Each point is a head. Point at one to read its scores and to light it in the small maps.");
    element.append(made("h3", "", "Heads by two scores"), about, controls, this.stage, this.key, this.maps.element);
    this.listen();
    join(this);
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.stage);
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      target.addEventListener(type, act, { signal: this.gone.signal });
    for (const choice of [this.x, this.y, this.shade, this.own]) on(choice, "change", () => this.draw());
    on(this.stage, "pointermove", (event) => event.pointerType !== "touch" && this.point(this.under(event)));
    on(this.stage, "pointerleave", (event) => event.pointerType === "mouse" && this.point(-1));
    on(this.stage, "focusout", () => this.point(-1));
    on(this.stage, "click", (event) => {
      const head = this.under(event);
      this.stage.focus({ preventScroll: true }); // the keys go on from here
      this.point(head);
      if (head >= 0) this.open(this.head(head));
    });
    on(this.stage, "keydown", (event) => this.press(event));
    on(window, "popstate", () => this.mark());
    on(document, "atlas-pin", () => this.mark());
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.key === "Escape" && this.cell >= 0) return this.point(-1);
    if ((event.key === "Enter" || event.key === " ") && this.cell >= 0) {
      event.preventDefault();
      return this.open(this.head(this.cell));
    }
    const next = nextAlong(this.points, this.cell, event.key);
    if (next < 0) return;
    event.preventDefault();
    this.point(next);
    this.voice.textContent = [...this.words(next)].join(", ");
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
    this.points = [];
    for (let at = 0; at < this.labels.rows.length * this.labels.columns.length; at += 1) {
      const [one, other] = [this.value(x, at), this.value(y, at)];
      if (one !== null && other !== null) this.points.push({ at, x: across.at(one), y: up.at(other) });
    }
    for (const [key, value] of Object.entries({ viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT })) {
      for (const svg of [this.svg, this.over]) svg.setAttribute(key, String(value));
    }
    const size = Math.max(5, Math.min(11, 150 / Math.sqrt(this.points.length)));
    this.lit = node("path", { class: "atlas-scatter-layer", "stroke-width": size + 7 });
    this.held = node("circle", { class: "atlas-scatter-held", r: size / 2 + 4 });
    this.ring = node("circle", { class: "atlas-scatter-ring", r: size / 2 + 3 });
    this.name = text("", 0, 0, "middle");
    this.name.setAttribute("class", "atlas-scatter-name");
    this.svg.replaceChildren(...frame(width, across, up, x, y), this.lit);
    this.over.replaceChildren(this.held, this.ring, this.name);
    this.paint(width, shade, size / 2);
    const [low, high] = this.ends(shade);
    const told = { kind: "sequential", transform: /** @type {const} */ ("linear"), low, high, below: false, above: false };
    const { unit, direction } = shade;
    this.key.replaceChildren(bar({ ...told, categories: [], unit, direction }, { sequential: this.palette }));
    const rest = `${x.title} across, ${y.title} up, ${shade.title} as colour.`;
    this.stage.setAttribute(
      "aria-label",
      `${this.points.length} heads as points: ${rest} Arrow keys go from head to head, left and right by the one, up and down by the other. Enter opens a head.`,
    );
    this.maps.paint((matrix) => this.ends(matrix));
    this.cell = this.points.some(({ at }) => at === this.cell) ? this.cell : -1;
    this.mark();
  }

  /**
   * @param {number} width
   * @param {Matrix} shade
   * @param {number} radius
   */
  paint(width, shade, radius) {
    const { at: share } = scaled(this.ends(shade), 0, this.palette.length - 1);
    const style = getComputedStyle(this.stage);
    const [edge, none] = ["muted", "hatch"].map((name) => style.getPropertyValue(`--atlas-${name}`).trim());
    const dots = this.points.map(({ at, x, y }) => {
      const value = this.value(shade, at);
      return { x, y, colour: value === null ? none : this.palette[Math.round(share(value))] };
    });
    dotted(this.dots, width, dots, radius, edge);
  }

  /** @param {MouseEvent} event @returns {number} the nearest head, -1 for none near */
  under({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    let [best, least] = [-1, REACH];
    for (const point of this.points) {
      const away = Math.hypot(point.x - x, point.y - y);
      if (away < least) [best, least] = [point.at, away];
    }
    return best;
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
   * Tell a head, and light it in all figures of the page.
   * @param {number} next -1 for none
   */
  point(next) {
    if (next === this.cell) return;
    this.cell = next;
    const [layer, one] = next < 0 ? ["", ""] : this.head(next);
    tell(this, next < 0 ? null : [["layer", layer], ["head", one]]);
    this.mark();
    const at = this.points.find((point) => point.at === next);
    this.tip.hidden = !at;
    if (!at) return;
    const [title, ...rest] = this.words(next);
    this.tip.replaceChildren(made("strong", "atlas-value", title), ...rest.map((line) => made("small", "", line)));
    const beside = at.x + 16 + this.tip.offsetWidth <= this.stage.clientWidth;
    const left = beside ? at.x + 16 : Math.max(0, at.x - 16 - this.tip.offsetWidth);
    const top = Math.max(0, Math.min(HEIGHT - this.tip.offsetHeight, at.y - this.tip.offsetHeight / 2));
    this.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /**
   * Rings around the head that is pointed at, and the one that the address has open or pinned.
   * @param {number} [lit] a head that another figure points at
   */
  mark(lit = -1) {
    const [shown, kept] = [lit >= 0 ? lit : this.cell, this.kept()];
    const [ring, held] = [shown, kept].map((at) => this.points.find((one) => one.at === at));
    const many = this.labels.columns.length;
    this.maps.mark(shown < 0 ? -1 : Math.floor(shown / many), shown < 0 ? -1 : shown % many, kept);
    put(this.ring, ring);
    put(this.held, held);
    if (!this.name) return;
    this.name.textContent = ring && lit >= 0 ? this.head(lit).join(".") : "";
    this.name.setAttribute("x", String(ring?.x ?? 0));
    this.name.setAttribute("y", String((ring?.y ?? 0) < 30 ? (ring?.y ?? 0) + 24 : (ring?.y ?? 0) - 13));
  }

  /** @returns {number} the head of the address, -1 for none */
  kept() {
    const said = new URLSearchParams(location.search);
    const open = readHead();
    if (open) return this.at([String(open[0]), String(open[1])]);
    const pinned = said.get("figure") === "attention";
    return pinned ? this.at([said.get("row") ?? "", said.get("column") ?? ""]) : -1;
  }

  /** Another figure points at a place: a head, or a layer of heads. @param {import("../shell/linked-figures.js").Place | null} place */
  follow(place) {
    const [row, column] = place ? found(place, this.labels) : [-1, -1];
    const isLayer = row >= 0 && column < 0;
    const many = this.labels.columns.length;
    const spots = isLayer ? this.points.filter(({ at }) => Math.floor(at / many) === row).map(spot) : [];
    this.lit?.setAttribute("d", spots.join(""));
    this.mark(row >= 0 && column >= 0 ? row * many + column : -1);
    if (isLayer) this.maps.mark(row, -1, this.kept());
  }

  /** A pin elsewhere changes only what the address says. */
  release() {
    this.mark();
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.draw();
  }

  dispose() {
    this.gone.abort();
    this.sized.disconnect();
    leave(this);
  }
}
