/**
 * The panels of a family's page: one a model, all with cells of one size, read by pointer and keys.
 */

import { exact, owner, place, trust } from "../matrix/numbers.js";
import { stepOf } from "../matrix/scales.js";
import { cellAt, cellSize, paint } from "../panels/canvas.js";
import { nextCell } from "../panels/keys.js";
import { footLabels, sideLabels } from "../panels/labels.js";
import { Tooltip } from "../panels/tooltip.js";
import { link, made } from "../shell/dom.js";

/** @typedef {import("./sizes.js").Model} Model */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("../panels/keys.js").Cell} Cell */
/** @typedef {{model: Model, matrix: Matrix}} Shown */

/** Room for a panel in pixels. */
const [WIDE, HIGH] = [320, 400];
/** Pixels that a panel takes beside its cells. */
const AROUND = 60;

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
  }

  /**
   * @param {Shown[]} shown
   * @param {Quantity} quantity
   * @param {Uint32Array} colours
   * @param {boolean} isRelative all are as high as the highest
   */
  draw(shown, quantity, colours, isRelative) {
    this.tip.hide();
    const [wide, high] = this.cells(shown, quantity);
    const tallest = Math.max(...shown.map(({ matrix }) => matrix.rows.length)) * high;
    const panels = shown.map((one) => {
      const { rows, columns } = one.matrix;
      const [width, height] = [wide * columns.length, isRelative ? tallest : rows.length * high];
      const canvas = drawCells(one, quantity, colours);
      canvas.style.cssText = `width:${width}px;height:${height}px;--first:${wide}px`;
      this.listen(canvas, one);
      return this.panel(canvas, one, width, height);
    });
    this.home.replaceChildren(...panels);
  }

  /**
   * @param {Shown[]} shown
   * @param {Quantity} quantity
   * @returns {[number, number]} width and height of a cell in pixels
   */
  cells(shown, quantity) {
    const fitting = shown.map(({ matrix }) => cellSize({ ...matrix, steps: new Uint8Array() }, WIDE, HIGH));
    const most = Math.max(...shown.map(({ matrix }) => matrix.columns.length));
    // Wide enough for a module's name; heads stay visible, and a panel of few heads is not a sliver.
    const least = quantity.columns.length ? 16 : Math.max(4, Math.ceil(90 / most));
    const room = Math.floor((this.stage.clientWidth / shown.length - AROUND) / most); // all in a row
    const wide = Math.min(26, Math.max(least, room), ...fitting.map(([width]) => width));
    return [wide, Math.min(22, ...fitting.map(([, height]) => height))];
  }

  /**
   * A model's name above its cells, labels around them.
   * @param {HTMLCanvasElement} canvas
   * @param {Shown} shown
   * @param {number} width of the canvas
   * @param {number} height
   */
  panel(canvas, { model, matrix }, width, height) {
    const [figure, title, frame] = [made("figure", "atlas-panel"), made("figcaption"), made("div", "atlas-panel-frame")];
    title.append(link(model.name, this.address(model.slug)));
    frame.append(sideLabels(matrix.rows, height, matrix.axes[0]), canvas, footLabels(matrix.columns, width, matrix.axes[1]));
    figure.append(title, frame);
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
    for (const type of ["pointermove", "pointerdown"]) {
      canvas.addEventListener(type, (event) => point(cellAt(canvas, /** @type {PointerEvent} */ (event))));
    }
    for (const type of ["pointerleave", "blur"]) canvas.addEventListener(type, () => point(null));
    canvas.addEventListener("dblclick", visit);
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
    const where = `${place(matrix.axes[0], matrix.rows[row])}, ${place(matrix.axes[1], matrix.columns[column])}`;
    const [own] = owner(matrix, column);
    const other = own === matrix.beside ? `${own.title}, ${own.unit}` : "";
    const [error, dominant] = trust(matrix, row, column);
    this.tip.tell(exact(matrix, row, column), [error, where, model.name].filter(Boolean), [dominant, other]);
    this.tip.above(this.tip.cell(canvas, row, column));
  }

  dispose() {
    this.tip.dispose();
  }
}

/**
 * The cells of a model.
 * @param {Shown} shown
 * @param {Quantity} quantity
 * @param {Uint32Array} colours
 */
function drawCells({ model, matrix }, quantity, colours) {
  const { rows, columns } = matrix;
  const canvas = made("canvas");
  canvas.classList.toggle("atlas-joined", Boolean(matrix.beside));
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute(
    "aria-label",
    `${quantity.title} of ${model.name}, ${rows.length} by ${columns.length}. Arrow keys read it cell by cell.`,
  );
  const steps = Uint8Array.from(matrix.values.flat(), (value) => stepOf(quantity, value));
  paint(canvas, { rows, columns, steps }, colours);
  return canvas;
}
