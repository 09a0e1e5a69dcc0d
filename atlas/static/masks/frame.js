/**
 * The parts of a panel of topics by layers, and where keys lead in it.
 */

import { made } from "../panels/legend.js";
import { every } from "../matrix/labels.js";

/** @typedef {import("./panels.js").Cell} Cell */

const LABEL = 22; // pixels that the number of a layer needs

/**
 * An element for a panel, empty.
 * @returns {HTMLElement}
 */
export function blank() {
  const home = made("div", "atlas-mask");
  home.append(made("h3"), made("ol", "atlas-mask-rows"), made("div", "atlas-mask-frame"), made("div", "atlas-mask-columns"));
  return home;
}

/**
 * Numbers of layers below a panel, as many as there is room for.
 * @param {import("./panels.js").Panel} panel
 */
export function number({ home, canvas, content }) {
  const foot = home.querySelector(".atlas-mask-columns");
  const { columns } = content;
  if (!foot || !columns.length || !canvas.clientWidth) return;
  const ticks = every(columns.length, canvas.clientWidth, LABEL).map((at) => {
    const tick = made("span", "", columns[at]);
    tick.style.left = `${((at + 0.5) / columns.length) * 100}%`;
    return tick;
  });
  foot.replaceChildren(...ticks, made("em", "", "layer"));
}

/**
 * @param {import("./panels.js").Content} content
 * @param {Cell | null} cell
 * @param {KeyboardEvent} event
 * @returns {Cell | null} where a key leads, null for a key that leads nowhere
 */
export function moved({ rows, columns }, cell, { key, ctrlKey, altKey, metaKey }) {
  if (altKey || metaKey) return null;
  const [bottom, right] = [rows.length - 1, columns.length - 1];
  const [row, column] = [cell?.row ?? 0, Math.max(0, cell?.column ?? 0)];
  /** @type {Record<string, [number, number]>} */
  const moves = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [ctrlKey ? 0 : row, 0],
    End: [ctrlKey ? bottom : row, right],
  };
  const to = moves[key];
  if (!to) return null;
  if (!cell && key.startsWith("Arrow")) return { row: 0, column: 0 };
  const within = (/** @type {number} */ at, /** @type {number} */ last) => Math.min(last, Math.max(0, at));
  return { row: within(to[0], bottom), column: within(to[1], right) };
}
