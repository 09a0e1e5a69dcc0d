/**
 * Axes of a map whose rows and columns are numbered: a title each, and as many numbers as there is room
 * for, at the same places in every map of a figure.
 */

import { every } from "../matrix/labels.js";
import { made } from "../shell/dom.js";

/** @typedef {{title: string, labels: string[], shown: number[]}} Side an axis: `shown` are the places that it labels */

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/**
 * The places that an axis labels: every one, every second, fifth, tenth ...
 * @param {number} count of rows or columns
 * @param {number} room in pixels
 * @param {number} least pixels from a label to the next
 * @returns {number[]}
 */
export function labelled(count, room, least) {
  return every(count, room, least, STEPS);
}

/**
 * Around a plot, whose frame leaves room for them.
 * @param {Side} across
 * @param {Side} down
 * @returns {HTMLElement}
 */
export function axes(across, down) {
  const element = made("div", "atlas-axes");
  element.setAttribute("aria-hidden", "true");
  element.append(side(across, "left", "atlas-axis-across"), side(down, "top", "atlas-axis-down"));
  return element;
}

/**
 * @param {Side} axis
 * @param {"left"|"top"} edge that places are measured from
 * @param {string} name its class
 */
function side({ title, labels, shown }, edge, name) {
  const one = made("div", name);
  for (const at of shown) {
    const tick = made("span", "", labels[at]);
    tick.style[edge] = `${((at + 0.5) / labels.length) * 100}%`;
    one.append(tick);
  }
  one.append(made("b", "", title));
  return one;
}
