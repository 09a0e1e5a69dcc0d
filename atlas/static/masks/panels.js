/**
 * Panels of topics by layers with the same topics and one cursor: the cell that one of them points at is
 * lit in all. A panel is a canvas with a pixel for each block, topic words beside it, layers below.
 */

import { Marks, whole } from "../panels/marks.js";
import { fit } from "./frame.js";
import { cellAt, paint } from "../panels/canvas.js";
import { nextCell } from "../panels/keys.js";
import { Tooltip } from "../panels/tooltip.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./data.js").Kind} Kind */
/** @typedef {{row: number, column: number}} Cell row as it is shown, and layer; a column of -1 is the topic alone */
/** @typedef {{panel: number, row: string, column: string}} Pin the panel, -1 for all, and the labels of a block */
/**
 * What a panel shows.
 * @typedef {object} Content
 * @property {string} title
 * @property {string} note beside the title
 * @property {string[]} rows topic words
 * @property {string[]} columns layers
 * @property {Uint8Array} steps
 * @property {Uint32Array} colours of the steps
 */
/**
 * The figure that the panels belong to: it has the words, and is told what is pointed at and pinned.
 * @typedef {object} Teller
 * @property {(panel: number, cell: Cell) => {value: string, lines: string[], notes: string[]}} tell
 * @property {(panel: number, cell: Cell, before: Cell | null) => string} spoken
 * @property {(panel: number, cell: Cell) => void} pin
 * @property {() => void} letGo unpins
 * @property {(panel: number, cell: Cell | null) => void} [pointed]
 */
/** @typedef {{home: HTMLElement, canvas: HTMLCanvasElement, marks: Marks, rows: HTMLElement, content: Content}} Panel */

const GAP = 10; // pixels between a block and its tooltip
const EMPTY = { title: "", note: "", rows: [], columns: [], steps: new Uint8Array(), colours: new Uint32Array() };

export class Panels {
  /**
   * @param {HTMLElement} stage
   * @param {Teller} teller
   */
  constructor(stage, teller) {
    this.stage = stage;
    this.teller = teller;
    this.gone = new AbortController();
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {Cell | null} */
    this.cell = null;
    /** What another figure points at. @type {Cell} */
    this.elsewhere = { row: -1, column: -1 };
    /** @type {Pin | null} */
    this.pinned = null;
    /** Where a layer of a panel lies in another one, by their numbers of layers. */
    this.matched = (/** @type {number} */ column, /** @type {number} */ _from, /** @type {number} */ _to) => column;
    this.from = 0;
    /** The panel that is pointed at. */
    this.at = 0;
    this.tip = new Tooltip(stage);
    const { signal } = this.gone;
    this.sized = new ResizeObserver(() => this.panels.forEach(fit));
    const away = (/** @type {Event} */ { target }) => stage.contains(/** @type {Node} */ (target)) || this.point(0, null);
    document.addEventListener("pointerdown", away, { signal });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.escape(), { signal });
  }

  /**
   * An element of the page becomes a panel.
   * @param {HTMLElement} home
   */
  add(home) {
    const [canvas, marks] = [made("canvas"), new Marks()];
    const frame = /** @type {HTMLElement} */ (home.querySelector(".atlas-mask-frame"));
    const rows = /** @type {HTMLElement} */ (home.querySelector(".atlas-mask-rows"));
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    frame.replaceChildren(canvas, made("div", "atlas-map-lines"), marks.element);
    const panel = { home, canvas, marks, rows, content: EMPTY };
    this.panels.push(panel);
    this.listen(panel, this.panels.length - 1);
    this.sized.observe(frame);
  }

  /**
   * Remove the panels from a number on.
   * @param {number} count
   */
  cut(count) {
    for (const { home } of this.panels.splice(count)) {
      this.sized.unobserve(/** @type {Element} */ (home.querySelector(".atlas-mask-frame")));
      home.remove();
    }
  }

  /**
   * @param {Panel} panel
   * @param {number} at its number
   */
  listen({ canvas, rows }, at) {
    const { signal } = this.gone;
    const under = (/** @type {MouseEvent} */ event) => {
      const found = cellAt(canvas, event);
      return found && { row: found[0], column: found[1] };
    };
    const on = (/** @type {HTMLElement} */ target, /** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      target.addEventListener(type, act, { signal });
    on(canvas, "pointermove", (event) => event.pointerType !== "touch" && this.point(at, under(event)));
    on(canvas, "pointerleave", (event) => event.pointerType === "mouse" && this.point(at, null));
    on(canvas, "focusout", () => this.point(at, null));
    on(canvas, "keydown", (event) => this.press(at, event));
    on(canvas, "click", (event) => {
      const cell = under(event);
      if (!cell) return;
      canvas.focus({ preventScroll: true }); // the keys go on from here
      this.point(at, cell);
      this.teller.pin(at, cell);
    });
    const topic = (/** @type {PointerEvent} */ event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest("li");
      this.point(at, item && { row: [...rows.children].indexOf(item), column: -1 });
    };
    on(rows, "pointermove", (event) => event.pointerType !== "touch" && topic(event));
    on(rows, "pointerleave", (event) => event.pointerType === "mouse" && this.point(at, null));
    on(rows, "click", topic);
  }

  /**
   * @param {number} at
   * @param {KeyboardEvent} event
   */
  press(at, event) {
    const { cell } = this;
    if ((event.key === "Enter" || event.key === " ") && cell && cell.column >= 0) {
      event.preventDefault();
      this.teller.pin(at, cell);
      const told = this.pinned ? "Pinned" : "Let go";
      return this.tip.say(`${told}. ${this.teller.spoken(at, cell, cell)}`);
    }
    const { rows, columns } = this.panels[at].content;
    const to = nextCell(event, cell && [cell.row, Math.max(0, cell.column)], rows.length, columns.length);
    if (!to) return;
    event.preventDefault();
    const next = { row: to[0], column: to[1] };
    this.point(at, next);
    this.tip.say(this.teller.spoken(at, next, cell));
  }

  /** First the tooltip goes, then the pin. */
  escape() {
    if (this.cell) this.point(0, null);
    else if (this.pinned) this.teller.letGo();
  }

  /**
   * Show other content; the cursor is hidden, the pin stays with its labels.
   * @param {Content[]} contents one a panel
   */
  show(contents) {
    contents.forEach((content, at) => {
      const panel = this.panels[at];
      const { rows, columns } = content;
      const title = made("span", "", content.title);
      panel.home.querySelector("h3")?.replaceChildren(title, made("small", "", content.note));
      panel.canvas.setAttribute("aria-label", `${content.title}, topics by layers: ${content.note}. Arrow keys read it block by block, Enter pins a block.`);
      if (panel.content.rows.join("\n") !== rows.join("\n")) panel.rows.replaceChildren(...rows.map((label) => made("li", "", label)));
      panel.home.style.cssText = `--rows:${rows.length};--columns:${columns.length};--layers:${columns.length}`;
      paint(panel.canvas, content, content.colours);
      panel.content = content;
      fit(panel);
    });
    this.mark();
  }

  /**
   * Show a block or a topic in the tooltip, and light it in all panels; null for none.
   * @param {number} at number of the panel
   * @param {Cell | null} cell
   */
  point(at, cell) {
    const isSame = cell && this.at === at && this.cell?.row === cell.row && this.cell.column === cell.column;
    if (isSame && !this.tip.hidden) return;
    [this.at, this.cell] = [at, cell];
    this.from = this.panels[at]?.content.columns.length ?? 0;
    this.mark();
    this.teller.pointed?.(at, cell);
    if (cell) this.say(at, cell);
    else this.tip.hide();
  }

  /**
   * @param {number} at
   * @param {Cell} cell
   */
  say(at, cell) {
    const { value, lines, notes } = this.teller.tell(at, cell);
    this.tip.tell(value, lines, notes);
    this.settle(this.panels[at], cell);
  }

  /**
   * Put the tooltip below its panel, so that it does not hide any of it; where the window ends before,
   * below the row or above it. It stays inside the stage.
   * @param {Panel} panel
   * @param {Cell} cell
   */
  settle({ canvas, rows, content }, { row, column }) {
    const { tip } = this;
    const home = this.stage.getBoundingClientRect();
    const { left, right, top, bottom } = tip.cell(canvas, row, column);
    const last = tip.cell(canvas, content.rows.length - 1, 0);
    const x = column < 0 ? rows.getBoundingClientRect().left - home.left : (left + right - tip.width) / 2;
    const below = [last.bottom, bottom].find((y) => home.top + y + GAP + tip.height <= innerHeight);
    tip.put(x, below === undefined ? top - GAP - tip.height : below + GAP);
  }

  /** Lay the marks of the cursor and the pin. */
  mark() {
    this.panels.forEach(({ marks, rows, content }, at) => {
      const { rows: labels, columns } = content;
      const ranges = whole(labels.length, columns.length);
      const { row, column } = this.cell ?? this.elsewhere;
      marks.light(ranges, row, column < 0 || !this.cell ? column : this.matched(column, this.from, columns.length));
      [...rows.children].forEach((item, place) => item.classList.toggle("atlas-lit", place === row));
      const held = this.pinned && (this.pinned.panel < 0 || this.pinned.panel === at) ? this.pinned : null;
      marks.hold(ranges, held ? labels.indexOf(held.row) : -1, held ? columns.indexOf(held.column) : -1);
    });
  }

  /**
   * Another figure points at a block; -1 for nowhere.
   * @param {number} row
   * @param {number} column
   */
  light(row, column) {
    this.elsewhere = { row, column };
    this.mark();
  }

  /** @param {Pin | null} pin */
  hold(pin) {
    this.pinned = pin;
    this.mark();
    if (this.cell) this.say(this.at, this.cell); // it tells whether the block is pinned
  }

  dispose() {
    this.gone.abort();
    this.sized.disconnect();
    this.tip.dispose();
  }
}
