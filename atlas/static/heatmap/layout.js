/**
 * A heatmap as attributes of the Bokeh figure: its values, its layout in the room that the page gives,
 * and the page's colours.
 */

import { CHARACTER, cutLabels, edges, every, lines as broken, roomBelow, thinned, tickLabels, widest } from "../matrix/labels.js";
import { isWhole, numeric } from "../matrix/numbers.js";
import { axisTitle, depths, isDepth } from "../matrix/column-order.js";
import { colour } from "../matrix/scales.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */
/** @typedef {Map<string, Record<string, any>>} Filling attributes by model name */
/** @typedef {{left: number, right: number, bottom: number, turned: number, width: number, height: number, lines: boolean}} Box */

/**
 * The attributes for what the figure shows now.
 * @param {Heatmap} heatmap
 * @returns {{filling: Filling, image: import("../shell/bokeh.js").Image, text: string}} and the scale in words
 */
export function shownAttributes(heatmap) {
  const { shown: matrix, order, deep } = heatmap;
  const [height, width] = [matrix.rows.length, matrix.columns.length];
  const { shares, ticks, text } = colour(matrix, heatmap.part("scale").value);
  const filling = layout(heatmap);
  const room = filling.get("figure")?.frame_height;
  add(filling, "mapper", { palette: shades(heatmap) });
  add(filling, "x_range", { start: -0.5, end: width - 0.5, reset_start: -0.5, reset_end: width - 0.5 });
  add(filling, "y_range", { start: height - 0.5, end: -0.5, reset_start: height - 0.5, reset_end: -0.5 });
  add(filling, "bar", { visible: ticks.length > 0, major_label_overrides: tickLabels(ticks) });
  add(filling, "bar_ticker", { ticks: thinned(ticks, room).map((tick) => tick.at) });
  add(filling, "bar_title", { visible: ticks.length > 0, text: ticks.length > 0 ? barTitle(matrix, heatmap.box).join("\n") : "" });
  [rowLabels(heatmap), columnLabels(heatmap)].forEach((labels, at) =>
    add(filling, at ? "columns" : "rows", {
      axis_label: axisTitle(matrix, at, order, deep),
      major_label_overrides: cutLabels(labels),
    }),
  );
  add(filling, "figure", {
    html_attributes: { role: "img", "aria-label": `${matrix.title} of ${heatmap.element.dataset.name}. ${heatmap.summary}` },
  });
  return { filling, image: { width, height, shares }, text };
}

/**
 * Quantity and unit beside a colour bar, in lines.
 * @param {import("../matrix/numbers.js").Matrix} matrix
 * @param {Box} box
 */
function barTitle({ title, unit }, { height }) {
  return broken(`${title}, ${unit}`, Math.floor(Math.max(height, 100) / CHARACTER));
}

/**
 * The attributes that depend on the room: sizes, label angles, which labels, lines between cells.
 * @param {Heatmap} heatmap
 * @returns {Filling}
 */
export function layout(heatmap) {
  const { box, shown: matrix, frame } = heatmap;
  setApart(frame, matrix);
  const { width, height } = frame.getBoundingClientRect();
  const [rows, columns] = [matrix.rows.length, matrix.columns.length];
  const turned = turnLabels(heatmap, width / columns);
  const lines = box.lines && width / columns >= 6 ? 1 : 0;
  const least = turned ? 13 : numeric(matrix.columns) ? (heatmap.deep ? 30 : 22) : 0;
  /** @type {Filling} */
  const filling = new Map();
  filling.set("figure", { frame_width: Math.round(width), frame_height: Math.round(height) });
  filling.set("columns", { major_label_orientation: turned ? Math.PI / 4 : 0 });
  filling.set("columns_ticker", { ticks: every(columns, width, least) });
  filling.set("rows_ticker", { ticks: every(rows, height, 13) });
  filling.set("columns_lines", { grid_line_width: lines, visible: lines > 0 });
  filling.set("rows_lines", { grid_line_width: lines, visible: lines > 0 });
  filling.set("columns_edges", { ticks: edges(columns) });
  filling.set("rows_edges", { ticks: edges(rows) });
  return filling;
}

/**
 * A line beside the column of another matrix.
 * @param {HTMLElement} frame
 * @param {import("../matrix/numbers.js").Matrix} matrix
 */
function setApart(frame, { beside, columns }) {
  const line = /** @type {HTMLElement} */ (frame.querySelector(".atlas-apart"));
  line.hidden = !beside;
  line.style.setProperty("--columns", String(columns.length));
}

/**
 * The layout of the chosen matrix, `Box` of `atlas/site/figures/heatmap.py`. An option names its box
 * among those of the figure; one that does not has the first.
 * @param {HTMLElement} figure
 * @param {HTMLSelectElement} picker
 * @returns {Box}
 */
export function box({ dataset }, { selectedOptions }) {
  const boxes = JSON.parse(String(dataset.boxes));
  const [left, right, bottom, turned, width, height, lines] = boxes[Number(selectedOptions[0].dataset.box ?? 0)];
  return { left, right, bottom, turned, width, height, lines };
}

/**
 * The colours of the matrix, without those of classes that are switched off.
 * @param {Heatmap} heatmap
 * @returns {string[]}
 */
export function shades({ matrix, palette, off, element }) {
  if (!off.size || !isWhole(matrix)) return palette;
  const paper = getComputedStyle(element).getPropertyValue("--atlas-paper").trim();
  return palette.map((shade, at) => (off.has(at) ? paper : shade));
}

/**
 * The row labels that the reader has chosen.
 * @param {Heatmap} heatmap
 */
export function rowLabels({ shown, deep }) {
  return deep && isDepth(shown, 0) ? depths(shown.rows) : shown.rows;
}

/**
 * The column labels that the reader has chosen.
 * @param {Heatmap} heatmap
 */
export function columnLabels({ shown, deep, native }) {
  if (deep && isDepth(shown, 1)) return depths(shown.columns);
  return (native && shown.native) || shown.columns;
}

/**
 * Column labels turn where they are wider than a column, and get the room that they need.
 * @param {Heatmap} heatmap
 * @param {number} room pixels a column
 * @returns {boolean}
 */
function turnLabels(heatmap, room) {
  const { shown, stage, box } = heatmap;
  if (numeric(shown.columns)) return false;
  const labels = columnLabels(heatmap);
  const turned = room < widest(labels) + 4;
  stage.classList.toggle("atlas-upright", !turned);
  const below = labels === shown.columns ? box.turned : roomBelow(labels);
  if (stage.style.getPropertyValue("--turned") !== `${below}px`) {
    stage.style.setProperty("--turned", `${below}px`);
  }
  return turned;
}

/**
 * Give the stage the room that the matrix takes.
 * @param {Heatmap} heatmap
 */
export function makeRoom({ box, stage }) {
  for (const name of /** @type {const} */ (["left", "right", "bottom", "turned", "width", "height"])) {
    const value = `${box[name]}px`;
    if (stage.style.getPropertyValue(`--${name}`) !== value) stage.style.setProperty(`--${name}`, value);
  }
}

/**
 * Wait until the figure is drawn and in its place.
 * @param {Heatmap} heatmap
 */
export async function whenDrawn(heatmap) {
  for (let tries = 0; tries < 500; tries += 1) {
    const view = heatmap.live?.view;
    if (view?.has_finished() && view.frame.bbox.width > 1) break;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  align(heatmap);
}

/**
 * Move Bokeh's frame exactly over the preview, however wide its axis is.
 * @param {Heatmap} heatmap
 */
export function align({ live, frame, layer, gone }) {
  const drawn = live?.view.frame?.bbox;
  if (!drawn || gone.signal.aborted) return;
  layer.style.transform = `translate(${frame.offsetLeft - drawn.left}px, ${frame.offsetTop - drawn.top}px)`;
}

/**
 * Text and lines in the page's colours.
 * @param {HTMLElement} element
 * @returns {Filling}
 */
export function colours(element) {
  const style = getComputedStyle(element);
  const [text, muted, ground] = ["text", "muted", "ground"].map((name) =>
    style.getPropertyValue(`--atlas-${name}`).trim(),
  );
  const font = style.fontFamily;
  const axis = {
    major_label_text_color: text,
    axis_label_text_color: muted,
    major_label_text_font: font,
    axis_label_text_font: font,
  };
  return new Map(
    Object.entries({
      columns: axis,
      rows: axis,
      columns_lines: { grid_line_color: ground },
      rows_lines: { grid_line_color: ground },
      bar: { major_label_text_color: text, major_label_text_font: font },
      bar_title: { text_color: muted, text_font: font },
    }),
  );
}

/**
 * Attributes in addition to those that a model has already.
 * @param {Filling} filling
 * @param {string} name
 * @param {Record<string, any>} attributes
 */
export function add(filling, name, attributes) {
  filling.set(name, { ...filling.get(name), ...attributes });
}
