/**
 * One panel of the functional map: its picture becomes a canvas, with a bar a layer above it, and with
 * what the page says of a panel that is empty.
 */

import { Marks } from "../panels/marks.js";
import { made } from "../shell/dom.js";

/** @typedef {(number|null)[][]} Values by layer and head */
/**
 * @typedef {object} Shown
 * @property {string} name its category; `all` for the first panel
 * @property {string} title
 * @property {string} note how many heads it shows
 * @property {string} empty why it shows none
 * @property {Values} values relations of every head, in the category or in all
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLElement} frame around the canvas and its axes
 * @property {Marks} marks
 */

/** Rows and columns from which on lines between the cells would hide them. */
const LINED = 40;

/**
 * @param {HTMLElement} home the panel of the page
 * @param {Values} values
 * @returns {Shown}
 */
export function panel(home, values) {
  const [heading, frame] = ["h3", ".atlas-map-frame"].map((one) => /** @type {HTMLElement} */ (home.querySelector(one)));
  const why = frame.querySelector("p");
  const [title, note] = [heading.firstChild, heading.querySelector("small")].map((one) => String(one?.textContent).trim());
  const [canvas, marks, plot] = [made("canvas"), new Marks(), made("div", "atlas-map-plot")];
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${title}, heads by layers. Arrow keys read it head by head, Enter opens a head.`);
  plot.append(canvas, lines(values), marks.element);
  frame.replaceChildren(made("div", "atlas-map-bars"), plot, ...(why ? [why] : []));
  return { name: String(home.dataset.panel), title, note, empty: why?.textContent ?? "", values, canvas, frame, marks };
}

/** Whether cells are so few that lines part them. @param {Values} values */
export function isLined(values) {
  return values.length <= LINED && values[0].length <= LINED;
}

/** @param {Values} values */
function lines(values) {
  const element = made("div", isLined(values) ? "atlas-map-lines" : "");
  element.style.cssText = `--rows:${values[0].length};--columns:${values.length}`;
  return element;
}

/**
 * The heads of each layer as bars above a panel.
 * @param {Shown} shown
 * @param {number} most heads of a layer in any panel: the longest bar
 */
export function bars({ frame, values }, most) {
  const home = /** @type {HTMLElement} */ (frame.querySelector(".atlas-map-bars"));
  for (const [layer, line] of values.entries()) {
    const heads = line.filter(Boolean).length;
    const one = made("i");
    one.style.height = `${(heads / most) * 100}%`;
    one.title = `layer ${layer}: ${heads} of ${line.length} heads`;
    home.append(one);
  }
}
