/**
 * The axes around a panel: their titles, and labels of rows and columns, as many as there is room for.
 */

import { every } from "../matrix/labels.js";
import { numeric } from "../matrix/numbers.js";
import { made } from "../shell/dom.js";

/** @typedef {import("../drawing/scene.js").Axis} Axis */

const STEPS = [1, 2, 4, 5, 10, 20, 50, 100];
/** Pixels that a row's label takes, a name's that leans, a number's. */
const [LINE, LEANING, NUMBER] = [14, 15, 24];
/** Width of a character on average, and of all labels of rows at most. */
const [CHARACTER, WIDEST] = [6.9, 200];
/** Share of its length that a leaning label is high and wide: sine and cosine of 45 degrees. */
const LEAN = 0.71;
/** Room for the title of an axis. */
const TITLE = 18;

/**
 * Places of the rows that are labelled.
 * @param {string[]} rows
 * @param {number} height of all of them in pixels
 */
export function shownDown(rows, height) {
  return every(rows.length, height, LINE, STEPS);
}

/**
 * Places of the columns that are labelled; names lean.
 * @param {string[]} columns
 * @param {number} width
 */
export function shownAcross(columns, width) {
  return every(columns.length, width, numeric(columns) ? NUMBER : LEANING, STEPS);
}

/**
 * Pixels left of a panel: its axis' title and labels.
 * @param {Axis} y
 */
export function roomBefore({ ticks }) {
  return TITLE + Math.min(WIDEST, widest(ticks) + 8);
}

/**
 * Pixels below a panel: the labels and the title of its axis.
 * @param {Axis} x
 */
export function roomBelow(x) {
  return TITLE + labelsBelow(x);
}

/** @param {Axis} x */
function labelsBelow({ ticks }) {
  return isNamed(ticks) ? Math.round(widest(ticks) * LEAN + 12) : LINE + 3;
}

/** @param {{label: string}[]} ticks */
function isNamed(ticks) {
  return !numeric(ticks.map(({ label }) => label));
}

/**
 * A panel with its axes: titles, and labels of rows beside and of columns below it.
 * @param {HTMLElement} panel
 * @param {Axis} x
 * @param {Axis} y
 * @param {number} width of the panel in pixels
 * @param {number} height
 * @returns {HTMLElement}
 */
export function framed(panel, x, y, width, height) {
  const frame = made("div", "atlas-panel-frame");
  const [side, foot] = [made("div", "atlas-panel-rows"), made("div", "atlas-panel-columns")];
  side.style.cssText = `width:${roomBefore(y) - TITLE}px;height:${height}px`;
  for (const { at, label } of y.ticks) {
    const tick = tickOf(label, "top", (at + 0.5) / (y.from - y.to));
    tick.title = label;
    side.append(tick);
  }
  foot.classList.toggle("atlas-named", isNamed(x.ticks));
  foot.style.cssText = `width:${width}px;height:${labelsBelow(x)}px`;
  foot.append(...x.ticks.map(({ at, label }) => tickOf(label, "left", (at + 0.5) / (x.to - x.from))));
  frame.append(made("span", "atlas-axis atlas-axis-y", y.title), side, panel, foot, made("span", "atlas-axis", x.title));
  return frame;
}

/**
 * @param {string} label
 * @param {"left" | "top"} side
 * @param {number} share of the panel
 */
function tickOf(label, side, share) {
  const tick = made("span", "", label);
  tick.style[side] = `${share * 100}%`;
  return tick;
}

/** @param {{label: string}[]} ticks @returns {number} pixels that the longest label takes */
function widest(ticks) {
  return Math.max(0, ...ticks.map(({ label }) => label.length)) * CHARACTER;
}
