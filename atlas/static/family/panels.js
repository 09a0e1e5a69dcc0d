/**
 * The panels of a family's page: one a model, all with cells of one size, read by pointer and keys.
 */

import { across, down } from "../drawing/scene.js";
import { axisNamed } from "../matrix/axes.js";
import { exact, numeric, owner, placeOf, trust } from "../matrix/numbers.js";
import { stepOf } from "../matrix/scales.js";
import { cellAt, paint } from "../panels/canvas.js";
import { nextCell } from "../panels/keys.js";
import { framed, roomBefore, shownAcross, shownDown } from "../panels/labels.js";
import { Tooltip } from "../panels/tooltip.js";
import { link, made } from "../shell/dom.js";

/** @typedef {import("./sizes.js").Model} Model */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("../drawing/scene.js").Axis} Axis */
/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("../panels/keys.js").Cell} Cell */
/** @typedef {{model: Model, matrix: Matrix, mark: string}} Shown mark: what leads to a note on it */
/** @typedef {Shown & {width: number, height: number, x: Axis, y: Axis, steps: Uint8Array}} Laid a panel with its place in pixels, its axes and the steps of its cells */

const HIGH = 400; // pixels for the cells of a panel
const [WIDEST, HIGHEST] = [34, 22]; // pixels of a cell
/** Pixels of a column whose name can be read; of the narrowest panel of numbered ones. */
const [NAMED, NARROWEST] = [20, 90];
const LONGER = 3; // times that a cell of a numbered column may be longer than it is wide, or wider than long
const GAP = 16; // pixels between panels

export class FamilyPanels {
  /**
   * @param {HTMLElement} stage that they and their tooltip stand in
   * @param {HTMLElement} home
   * @param {(slug: string, matrix?: Matrix, cell?: Cell) => string} address of a model's page, with a cell pinned where one is named
   */
  constructor(stage, home, address) {
    this.stage = stage;
    this.home = home;
    this.address = address;
    this.tip = new Tooltip(stage, "status");
    /** @type {Laid[]} */
    this.laid = [];
  }

  /**
   * @param {Shown[]} shown
   * @param {Quantity} quantity
   * @param {Uint32Array} colours
   * @param {{isRelative: boolean, order: string}} how isRelative: layers take the same room in all panels;
   *   order: of the columns, in words
   */
  draw(shown, quantity, colours, how) {
    this.tip.hide();
    this.laid = layOut(shown, quantity, this.room(), how);
    this.home.replaceChildren(...this.laid.map((one) => this.panel(one, quantity, colours)));
  }

  /** @returns {number} pixels across, beside what stands beside the panels */
  room() {
    const { parentElement: figure, nextElementSibling: beside } = this.home;
    const [all, bar] = [figure, beside].map((one) => (one instanceof HTMLElement ? one.offsetWidth : 0));
    const { flexDirection, columnGap } = getComputedStyle(/** @type {Element} */ (figure));
    return flexDirection === "row" && bar ? all - bar - parseFloat(columnGap) : all;
  }

  /**
   * A model's name above its cells, axes around them.
   * @param {Laid} laid
   * @param {Quantity} quantity
   * @param {Uint32Array} colours
   */
  panel(laid, quantity, colours) {
    const { model, mark, width, height, x, y } = laid;
    const [figure, title] = [made("figure", "atlas-panel"), made("figcaption")];
    const canvas = drawCells(laid, quantity, colours);
    canvas.style.cssText = `width:${width}px;height:${height}px;--first:${width / laid.matrix.columns.length}px`;
    this.listen(canvas, laid);
    title.append(link(model.name, this.address(model.slug)), mark);
    title.style.marginLeft = `${roomBefore(y)}px`;
    figure.append(title, framed(canvas, x, y, width, height));
    return figure;
  }

  /**
   * Pointer and keys on a panel.
   * @param {HTMLCanvasElement} canvas
   * @param {Shown} shown
   */
  listen(canvas, { model, matrix }) {
    /** @type {Cell | null} */
    let at = null;
    const point = (/** @type {Cell | null} */ cell) => {
      at = cell;
      if (cell) this.tell(canvas, model, matrix, cell);
      else this.tip.hide();
    };
    const visit = () => at && location.assign(this.address(model.slug, matrix, at));
    let opens = false; // a finger's first tap reads a cell, the second opens it
    canvas.addEventListener("pointermove", (event) => point(cellAt(canvas, event)));
    canvas.addEventListener("pointerdown", (event) => {
      const cell = cellAt(canvas, event);
      opens = event.pointerType !== "touch" || String(cell) === String(at);
      point(cell);
    });
    canvas.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && point(null));
    canvas.addEventListener("blur", () => point(null));
    canvas.addEventListener("click", () => opens && visit());
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return point(null);
      if (event.key === "Enter") return void visit();
      const next = nextCell(event, at, matrix.rows.length, matrix.columns.length);
      if (!next) return;
      event.preventDefault();
      point(next);
    });
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Model} model
   * @param {Matrix} matrix
   * @param {Cell} cell
   */
  tell(canvas, model, matrix, [row, column]) {
    const [own] = owner(matrix, column);
    const other = own === matrix.beside ? `${own.title}, ${own.unit}` : "";
    const [error, dominant] = trust(matrix, row, column);
    this.tip.tell(exact(matrix, row, column), [error, placeOf(matrix, row, column), model.name].filter(Boolean), [dominant, other]);
    this.tip.above(this.tip.cell(canvas, row, column));
  }

  dispose() {
    this.tip.dispose();
  }
}

/**
 * Panels side by side as long as the names of their columns can be read, else in rows; all have cells of
 * one size.
 * @param {Shown[]} shown
 * @param {Quantity} quantity
 * @param {number} room pixels across
 * @param {{isRelative: boolean, order: string}} how
 * @returns {Laid[]}
 */
function layOut(shown, quantity, room, { isRelative, order }) {
  const [rows, columns] = [Math.max(...shown.map(({ matrix }) => matrix.rows.length)), Math.max(...shown.map(({ matrix }) => matrix.columns.length))];
  const [first] = shown;
  const isNamed = !numeric(first.matrix.columns);
  const around = Math.max(...shown.map(({ matrix }) => roomBefore(down(" ", matrix.rows, shownDown(matrix.rows, HIGH))))) + GAP;
  const least = isNamed ? NAMED : Math.max(4, Math.ceil(NARROWEST / columns));
  const fitting = (/** @type {number} */ many) => Math.floor((room / many - around) / columns);
  let lines = 1;
  while (lines < shown.length && fitting(Math.ceil(shown.length / lines)) < least) lines += 1;
  const most = Math.max(isNamed ? 12 : 2, fitting(Math.ceil(shown.length / lines)));
  const high = Math.max(2, Math.min(HIGHEST, Math.floor(HIGH / rows), isNamed ? HIGHEST : most * LONGER));
  const wide = Math.min(WIDEST, most, isNamed ? WIDEST : high * LONGER);
  return shown.map((one) => {
    const { axes, rows: own, columns: along } = one.matrix;
    const isDeep = (/** @type {number} */ at) => isRelative && axes[at] === "layer";
    const [width, height] = [wide * (isDeep(1) ? columns : along.length), high * (isDeep(0) ? rows : own.length)];
    const x = across(order ? `${axisNamed(axes[1])}, ${order}` : axisNamed(axes[1]), along, shownAcross(along, width));
    const y = down(axisNamed(axes[0]), own, shownDown(own, height));
    const steps = Uint8Array.from(one.matrix.values.flat(), (value) => stepOf(quantity, value));
    return { ...one, width, height, x, y, steps };
  });
}

/**
 * The cells of a model.
 * @param {Laid} laid
 * @param {Quantity} quantity
 * @param {Uint32Array} colours
 */
function drawCells({ model, matrix, steps }, quantity, colours) {
  const { rows, columns } = matrix;
  const canvas = made("canvas");
  canvas.classList.toggle("atlas-joined", Boolean(matrix.beside));
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute(
    "aria-label",
    `${quantity.title} of ${model.name}, ${rows.length} by ${columns.length}. Arrow keys read it cell by cell.`,
  );
  paint(canvas, { rows, columns, steps }, colours);
  return canvas;
}
