/**
 * Labels of rows and columns around a panel, as many as there is room for.
 */

import { widest } from "../matrix/labels.js";
import { made } from "../shell/dom.js";

/**
 * Labels beside a panel: the first row, the last, and round ones between.
 * @param {string[]} rows
 * @param {number} height
 * @param {string} axis
 * @returns {HTMLElement}
 */
export function sideLabels(rows, height, axis) {
  const side = made("div", "atlas-panel-rows");
  side.style.height = `${height}px`;
  side.title = axis;
  const step = [1, 2, 4, 5, 10, 20, 50, 100].find((size) => (height / rows.length) * size >= 14) ?? 100;
  rows.forEach((label, at) => {
    if (at % step) return;
    const tick = made("span", "", label);
    tick.title = label;
    tick.style.top = `${((at + 0.5) / rows.length) * 100}%`;
    side.append(tick);
  });
  return side;
}

/**
 * Labels below a panel: names turned upright, numbers thinned.
 * @param {string[]} columns
 * @param {number} width
 * @param {string} axis
 * @returns {HTMLElement}
 */
export function footLabels(columns, width, axis) {
  const foot = made("div", "atlas-panel-columns");
  foot.style.width = `${width}px`;
  foot.title = axis;
  const named = !columns.every((label) => /^\d+$/.test(label));
  const least = named ? 11 : 20;
  const step = [1, 2, 4, 5, 10, 20, 50, 100].find((size) => (width / columns.length) * size >= least) ?? 100;
  foot.classList.toggle("atlas-named", named);
  if (named) foot.style.height = `${Math.min(120, widest(columns) + 6)}px`;
  columns.forEach((label, at) => {
    if (at % step) return;
    const tick = made("span", "", label);
    tick.style.left = `${((at + 0.5) / columns.length) * 100}%`;
    foot.append(tick);
  });
  return foot;
}
