/**
 * Small heatmaps: a pixel a cell on a canvas, painted from the steps of a shared colour scale, and the
 * cell under a pointer.
 */

import { STEPS } from "../matrix/scales.js";

/** @typedef {import("../matrix/scales.js").Shared} Scale */
/** @typedef {{rows: string[], columns: string[], steps: Uint8Array}} Panel */

/**
 * The colour of every step as a pixel; what does not exist, and classes that are switched off, are
 * transparent.
 * @param {Scale} scale
 * @param {Record<string, string[]>} palettes
 * @param {ReadonlySet<number>} [off] categories that are not shown
 * @returns {Uint32Array} 256 pixels
 */
export function pixels(scale, palettes, off = new Set()) {
  const palette = palettes[scale.kind];
  const bytes = new Uint8ClampedArray(256 * 4);
  const count = scale.transform === "whole" ? scale.categories.length : STEPS + 1;
  for (let step = 0; step < count; step += 1) {
    if (scale.transform === "whole" && off.has(step)) continue;
    const hex = colour(scale, palette, step);
    for (let at = 0; at < 3; at += 1) bytes[step * 4 + at] = parseInt(hex.slice(1 + at * 2, 3 + at * 2), 16);
    bytes[step * 4 + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

/**
 * @param {Scale} scale
 * @param {string[]} palette
 * @param {number} step
 * @returns {string} `#rrggbb`
 */
export function colour(scale, palette, step) {
  if (scale.transform === "whole") return palette[step % palette.length];
  return palette[Math.round((step / STEPS) * (palette.length - 1))];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Panel} panel
 * @param {Uint32Array} colours
 */
export function paint(canvas, { rows, columns, steps }, colours) {
  if (canvas.width !== columns.length) canvas.width = columns.length;
  if (canvas.height !== rows.length) canvas.height = rows.length;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(columns.length, rows.length);
  const out = new Uint32Array(image.data.buffer);
  for (let at = 0; at < steps.length; at += 1) out[at] = colours[steps[at]];
  context.putImageData(image, 0, 0);
}

/**
 * How large a cell is drawn, in whole pixels, so that a panel fits a box and no cell is longer
 * than three times its width.
 * @param {Panel} panel
 * @param {number} width
 * @param {number} height
 * @returns {[number, number]} width and height of a cell
 */
export function cellSize({ rows, columns }, width, height) {
  const wide = Math.max(1, Math.floor(width / columns.length));
  const high = Math.max(1, Math.floor(height / rows.length));
  return [Math.min(wide, high * 3), Math.min(high, wide * 3)];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{clientX: number, clientY: number}} event
 * @returns {[number, number] | null} row and column under a pointer
 */
export function cellAt(canvas, { clientX, clientY }) {
  const box = canvas.getBoundingClientRect();
  const column = Math.floor(((clientX - box.left) / box.width) * canvas.width);
  const row = Math.floor(((clientY - box.top) / box.height) * canvas.height);
  const inside = row >= 0 && column >= 0 && row < canvas.height && column < canvas.width;
  return inside ? [row, column] : null;
}
