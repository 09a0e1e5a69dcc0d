/**
 * The cell that a reader points at, by pointer or keyboard: marked, shown in the tooltip, read aloud,
 * pinned, and lit in the other figures of the page. The marks are above the figure, so that moving them
 * does not redraw it.
 */

import { chanceNotes } from "../matrix/chance.js";
import { releaseOthers, placeIn, join, leave, lightOthers } from "../shell/linked-figures.js";
import { Marks } from "../panels/marks.js";
import { depths, isDepth } from "../matrix/column-order.js";
import { marked, turned, writeShown } from "./address.js";
import { cellText } from "../matrix/sentences.js";
import { cellLines } from "./cell-text.js";
import { nextCell } from "../panels/keys.js";
import { Tooltip } from "../panels/tooltip.js";

/** @typedef {import("../panels/keys.js").Cell} Cell of the matrix as it is shown */
/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

export class Cursor {
  /** @param {Heatmap} figure */
  constructor(figure) {
    this.figure = figure;
    /** @type {Cell | null} */
    this.cell = null;
    /** @type {{row: string, column: string} | null} labels, which stay when cells are sorted */
    this.pinned = null;
    this.marks = new Marks();
    figure.stage.append(this.marks.element);
    this.tip = new Tooltip(figure.stage);
    join(this);
  }

  /** @param {(target: EventTarget, type: string, act: any) => void} on */
  listen(on) {
    const { stage } = this.figure;
    on(stage, "pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType !== "touch") this.point(this.under(event)); // a finger tells by its tap
    });
    on(stage, "pointerdown", (/** @type {PointerEvent} */ event) => (this.down = [event.clientX, event.clientY]));
    on(stage, "click", (/** @type {PointerEvent} */ event) => this.click(event));
    on(stage, "keydown", (/** @type {KeyboardEvent} */ event) => this.press(event));
    on(stage, "focusout", () => this.point(null));
    on(stage, "pointerleave", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") this.point(null); // a finger leaves with every tap
    });
    on(document, "pointerdown", (/** @type {PointerEvent} */ event) => {
      if (!stage.contains(/** @type {Node} */ (event.target))) this.point(null);
    });
    on(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") this.escape();
    });
  }

  /**
   * @param {MouseEvent} event
   * @returns {Cell | null} the cell under the pointer
   */
  under(event) {
    if (!this.figure.live) return null;
    const { left, top, width, height } = this.figure.frame.getBoundingClientRect();
    const { x, y } = this.figure.ranges();
    const across = (event.clientX - left) / width;
    const down = (event.clientY - top) / height;
    if (across < 0 || across >= 1 || down < 0 || down >= 1) return null;
    return this.hit(Math.round(y[0] + down * (y[1] - y[0])), Math.round(x[0] + across * (x[1] - x[0])));
  }

  /**
   * @param {number} row
   * @param {number} column
   * @returns {Cell | null}
   */
  hit(row, column) {
    const { rows, columns } = this.figure.shown;
    const inside = row >= 0 && column >= 0 && row < rows.length && column < columns.length;
    return inside ? [row, column] : null;
  }

  /** @param {MouseEvent} event */
  click(event) {
    const [x, y] = this.down ?? [event.clientX, event.clientY];
    const dragged = Math.hypot(event.clientX - x, event.clientY - y) > 4;
    const cell = this.under(event);
    if (!cell || dragged) return;
    this.figure.stage.focus({ preventScroll: true }); // the keys go on from here
    this.point(cell);
    this.toggle(cell);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.target !== this.figure.stage || !this.figure.live) return;
    if (this.cell && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      this.toggle(this.cell);
      return this.say(this.pinned ? "Pinned. " : "Let go. ");
    }
    const { rows, columns } = this.figure.shown;
    const next = nextCell(event, this.cell, rows.length, columns.length);
    if (!next) return;
    event.preventDefault();
    this.point(next);
    this.say("");
  }

  /** @param {string} before */
  say(before) {
    if (this.cell) this.tip.say(before + cellText(this.figure.shown, ...this.cell));
  }

  escape() {
    const pinned = this.pinnedCell();
    if (this.cell && !(pinned && same(this.cell, pinned))) return this.point(null);
    if (pinned) this.toggle(pinned);
  }

  /**
   * Mark a cell and show its value; null goes back to the pinned one.
   * @param {Cell | null} cell
   */
  point(cell) {
    if (!this.figure.live) return;
    const next = cell ?? this.pinnedCell();
    if (next === this.cell || (next && this.cell && same(next, this.cell))) return;
    this.cell = next;
    this.show();
    const { axes, rows, columns } = this.figure.shown;
    lightOthers(
      this,
      next && [
        [axes[0], rows[next[0]]],
        [axes[1], columns[next[1]]],
      ],
    );
  }

  /** @returns {Cell | null} where the pinned cell stands now */
  pinnedCell() {
    return this.pinned && this.placeOf(this.pinned);
  }

  /** @returns {Cell | null} where the pinned cell stands now, or else the one that the page points out */
  held() {
    const pointedOut = marked(this.figure);
    return this.pinnedCell() ?? (pointedOut && this.placeOf(pointedOut));
  }

  /**
   * @param {{row: string, column: string}} labels
   * @returns {Cell | null} where such a cell stands now
   */
  placeOf({ row, column }) {
    const { rows, columns } = this.figure.shown;
    return this.hit(rows.indexOf(row), columns.indexOf(column));
  }

  /**
   * Pin a cell, or unpin it.
   * @param {Cell} cell
   */
  toggle([row, column]) {
    const { rows, columns } = this.figure.shown;
    const held = this.pinned?.row === rows[row] && this.pinned?.column === columns[column];
    this.pinned = held ? null : { row: rows[row], column: columns[column] };
    releaseOthers(this);
    writeShown(this.figure, false);
    this.announce();
    if (held) this.cell = null;
    this.show();
  }

  /** Tell parts of the page that show more about a cell which one is pinned. */
  announce() {
    const { figure, pinned } = this;
    const detail = { figure: figure.element.dataset.figure, axes: figure.matrix.axes, pinned: pinned && turned(figure, pinned) };
    document.dispatchEvent(new CustomEvent("atlas-pin", { detail }));
  }

  /** Another figure of the page has the pinned cell now. */
  release() {
    if (!this.pinned) return;
    this.pinned = null;
    this.cell = null;
    this.show();
  }

  /**
   * Light the place that another figure points at, where this one has it.
   * @param {import("../shell/linked-figures.js").Place | null} place
   */
  follow(place) {
    if (!this.figure.live) return;
    const { stage, shown } = this.figure;
    const { top, bottom } = stage.getBoundingClientRect();
    if (place && (bottom < 0 || top > innerHeight)) return;
    const [row, column] = place ? placeIn(place, shown) : (this.cell ?? [-1, -1]);
    this.marks.light(this.figure.ranges(), row, column);
  }

  /** Tooltip and marks of the cell that is pointed at, and the pin; where nothing is pinned, the mark
   * of the cell that the page itself points out. */
  show() {
    if (!this.figure.live) return;
    const { figure, cell, marks } = this;
    const pinned = this.pinnedCell();
    const ranges = figure.ranges();
    marks.light(ranges, cell?.[0] ?? -1, cell?.[1] ?? -1);
    const held = this.held();
    marks.hold(ranges, held?.[0] ?? -1, held?.[1] ?? -1);
    const edges = marks.edges();
    if (!cell || !edges) return this.tip.hide();
    const isPinned = pinned && same(cell, pinned);
    const trust = chanceNotes(figure.profile, figure.shown, figure.shown.values[cell[0]][cell[1]]);
    this.tip.show(...cellLines(figure.shown, ...cell, [...trust, this.depth(cell), isPinned ? "pinned" : ""]));
    const { offsetLeft: x, offsetTop: y } = figure.frame;
    this.tip.beside({ left: edges.left + x, right: edges.right + x, top: edges.top + y, bottom: edges.bottom + y });
  }

  /**
   * @param {Cell} cell
   * @returns {string} relative depth, where the reader asks for it
   */
  depth(cell) {
    const { shown } = this.figure;
    if (!this.figure.deep) return "";
    const side = isDepth(shown, 0) ? 0 : 1;
    return `relative depth ${depths(side ? shown.columns : shown.rows)[cell[side]]}`;
  }

  dispose() {
    leave(this);
  }
}

/**
 * @param {Cell} a
 * @param {Cell} b
 */
function same(a, b) {
  return a[0] === b[0] && a[1] === b[1];
}

