/**
 * One panel: its heading, marks for the linked crosshair, and its cells. They are painted at once, and
 * drawn by BokehJS, with axes, once the panel comes into sight; after that only its data change.
 */

import { embed, update } from "../shell/bokeh.js";
import { columnTicks, rowTicks } from "./boxes.js";
import { edges, tickLabels } from "../matrix/labels.js";
import { add, colours } from "../heatmap/layout.js";
import { Marks, whole } from "../panels/marks.js";
import { MISSING, STEPS } from "../matrix/scales.js";
import { paint, pixels } from "../panels/canvas.js";
import { stipple } from "../panels/stipple.js";
import { whenIdle } from "../shell/idle.js";
import { made } from "../shell/dom.js";

/** @typedef {import("../shell/bokeh.js").Live} Live */
/** @typedef {import("./frames.js").Frame} Frame */
/**
 * @typedef {object} Content
 * @property {string} title
 * @property {string} detail
 * @property {string} note of the detail what a picture says as well
 * @property {string} page address of the model's own page
 * @property {string} told the figure in words
 * @property {Frame} frame
 * @property {Float32Array} shares a row of the panel after the other, as is the next
 * @property {boolean[][] | null} unsure cells that are within their error
 * @property {string[]} palette
 * @property {import("./boxes.js").Box} box
 */

const TOP = 6;

/** Resolves when the page is idle. @type {Promise<void> | undefined} */
let rested;

export class Panel {
  constructor() {
    this.element = made("figure", "atlas-figure atlas-pane");
    this.link = made("a");
    this.detail = made("span", "atlas-unit");
    const caption = made("figcaption");
    const name = made("strong");
    name.append(this.link);
    caption.append(name, this.detail);
    this.stage = made("div", "atlas-stage");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.frame = made("div", "atlas-frame");
    this.still = made("canvas");
    this.frame.append(this.still);
    this.layer = made("div", "atlas-live");
    this.layer.setAttribute("role", "img");
    this.hit = made("div", "atlas-hit");
    this.dots = made("canvas", "atlas-dots");
    this.marks = new Marks();
    this.hit.append(this.dots, this.marks.element);
    this.stage.append(this.frame, this.layer, this.hit);
    this.element.append(caption, this.stage);
    /** @type {Content | undefined} */
    this.content = undefined;
    /** @type {Live | undefined} */
    this.live = undefined;
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    this.gone = false;
  }

  /** Draw what it is to show. */
  draw() {
    const content = /** @type {Content} */ (this.content);
    stipple(this.dots, content.unsure, content.box.width, content.box.height);
    if (!this.live) return paintCells(this.still, content);
    update(this.live, filling(content), image(content));
    this.settle();
  }

  /** @returns {Promise<void>} when it is live */
  wake() {
    this.starting ??= this.start().catch((error) => {
      this.starting = undefined;
      throw error;
    });
    return this.starting;
  }

  async start() {
    // BokehJS takes longer to start than all else on the page: wait until the page is idle.
    await (rested ??= new Promise(whenIdle));
    if (this.gone) return;
    const content = /** @type {Content} */ (this.content);
    const attributes = filling(content);
    for (const [name, found] of colours(this.stage)) add(attributes, name, found);
    const live = await embed(this.layer, attributes, image(content));
    if (this.gone) return live.dispose();
    this.live = live;
    this.still.remove();
    if (this.content && this.content !== content) update(live, filling(this.content), image(this.content));
    this.settle();
  }

  /**
   * Set the words and sizes of what it is to show. All panels are prepared before the first is drawn, so
   * that the browser computes styles once.
   * @param {Content} content
   */
  prepare(content) {
    this.content = content;
    const { title, detail, page, box, told } = content;
    this.element.classList.remove("atlas-resting");
    this.element.inert = false;
    this.layer.setAttribute("aria-label", told);
    this.link.textContent = title;
    this.link.href = page;
    this.detail.textContent = detail;
    this.stage.setAttribute("aria-label", `${title}. Arrow keys read it cell by cell.`);
    const { style } = this.stage;
    style.width = `${box.left + box.width + 8}px`;
    style.height = `${TOP + box.height + box.below}px`;
    for (const part of [this.frame, this.hit]) {
      part.style.cssText = `left:${box.left}px;top:${TOP}px;width:${box.width}px;height:${box.height}px`;
    }
  }

  /** Move Bokeh's frame over ours, however wide its axis is. */
  settle() {
    requestAnimationFrame(() => {
      const drawn = this.live?.view.frame?.bbox;
      if (!drawn || !this.content) return;
      const shift = [this.content.box.left - drawn.left, TOP - drawn.top];
      this.layer.style.transform = shift[0] || shift[1] ? `translate(${shift[0]}px, ${shift[1]}px)` : "";
    });
  }

  /**
   * The cell under a pointer.
   * @param {MouseEvent} event
   * @returns {[number, number] | null}
   */
  under(event) {
    if (!this.content) return null;
    const { rows, columns } = this.content.frame;
    const { left, top, width, height } = this.hit.getBoundingClientRect();
    const row = Math.floor(((event.clientY - top) / height) * rows.labels.length);
    const column = Math.floor(((event.clientX - left) / width) * columns.labels.length);
    const inside = row >= 0 && column >= 0 && row < rows.labels.length && column < columns.labels.length;
    return inside ? [row, column] : null;
  }

  /**
   * @param {[number, number] | null} cell
   * @param {[number, number] | null} pinned
   */
  mark(cell, pinned) {
    if (!this.content) return;
    const { rows, columns } = this.content.frame;
    const ranges = whole(rows.labels.length, columns.labels.length);
    this.marks.light(ranges, cell?.[0] ?? -1, cell?.[1] ?? -1);
    this.marks.hold(ranges, pinned?.[0] ?? -1, pinned?.[1] ?? -1);
  }

  /** Hide it, ready to be shown again. */
  rest() {
    this.element.classList.add("atlas-resting");
    this.element.inert = true;
  }

  /** The page has changed between light and dark. */
  recolour() {
    if (this.live) update(this.live, colours(this.stage));
  }

  dispose() {
    this.gone = true;
    this.live?.dispose();
    this.live = undefined;
    this.element.remove();
  }
}

/**
 * The cells as pixels; what does not exist stays transparent.
 * @param {HTMLCanvasElement} still
 * @param {Content} content
 */
function paintCells(still, { frame: { rows, columns }, shares, palette }) {
  const steps = Uint8Array.from(shares, (share) => (Number.isNaN(share) ? MISSING : Math.round(share * STEPS)));
  const scale = { kind: "any", transform: "linear", low: 0, high: 1, below: false, above: false, categories: [] };
  const colours = pixels(/** @type {import("../matrix/scales.js").Shared} */ (scale), { any: palette });
  paint(still, { rows: rows.labels, columns: columns.labels, steps }, colours);
}

/**
 * @param {Content} content
 * @returns {import("../shell/bokeh.js").Image}
 */
function image({ frame: { rows, columns }, shares }) {
  return { width: columns.labels.length, height: rows.labels.length, shares };
}

/**
 * The figure's attributes by model name.
 * @param {Content} content
 */
function filling({ frame: { rows, columns }, palette, box }) {
  const [high, wide] = [rows.labels.length, columns.labels.length];
  const lines = { grid_line_width: box.lines ? 1 : 0, visible: box.lines };
  const down = { start: high - 0.5, end: -0.5, reset_start: high - 0.5, reset_end: -0.5 };
  const across = { start: -0.5, end: wide - 0.5, reset_start: -0.5, reset_end: wide - 0.5 };
  const [beside, below] = [rowTicks(rows, box), columnTicks(columns, box)];
  const places = (/** @type {import("../drawing/scene.js").Tick[]} */ ticks) => ticks.map(({ at }) => at);
  return new Map(
    Object.entries({
      figure: {
        frame_width: box.width,
        frame_height: box.height,
        min_border_left: box.left,
        min_border_right: 8,
        min_border_top: TOP,
        min_border_bottom: box.below,
      },
      mapper: { palette },
      bar: { visible: false },
      x_range: across,
      y_range: down,
      rows: { axis_label: rows.title, major_label_overrides: tickLabels(beside) },
      columns: {
        axis_label: columns.title,
        major_label_overrides: tickLabels(below),
        major_label_orientation: box.turned ? Math.PI / 4 : 0,
      },
      rows_ticker: { ticks: places(beside) },
      columns_ticker: { ticks: places(below) },
      rows_lines: lines,
      columns_lines: lines,
      rows_edges: { ticks: box.lines ? edges(high) : [] },
      columns_edges: { ticks: box.lines ? edges(wide) : [] },
    }),
  );
}
