/**
 * Figures on paper: while a page is printed, what a figure shows is drawn as it is exported, in place of
 * canvases and of what only a screen can do.
 */

import { svg } from "./svg.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Scene} Scene */

const WIDE = 175; // millimetres

/** @type {Set<() => void>} */
const drawing = new Set();
/** @type {Set<() => void>} */
const clearing = new Set();

addEventListener("beforeprint", () => drawing.forEach((draw) => draw()));
addEventListener("afterprint", () => clearing.forEach((clear) => clear()));

/**
 * Have a figure drawn for paper.
 * @param {HTMLElement} element of the figure; on paper it has the class `atlas-on-paper`, and of what
 *   stands in it only what has the class `atlas-printed` or `atlas-keeps` is seen
 * @param {() => Scene | Scene[] | null} scene what it shows now, several for one that takes pages; null
 *   while it shows nothing of its own yet, and the page's still picture is printed
 * @param {AbortSignal} signal
 */
export function printable(element, scene, signal) {
  const clear = () => {
    element.querySelector(":scope > .atlas-printed")?.remove();
    element.classList.remove("atlas-on-paper");
  };
  const draw = () => {
    clear();
    const shown = scene();
    if (!shown) return;
    const paper = made("div", "atlas-printed");
    paper.innerHTML = [shown].flat().map((one) => svg(one, { width: WIDE, caption: false })).join("");
    element.append(paper);
    element.classList.add("atlas-on-paper");
  };
  drawing.add(draw);
  clearing.add(clear);
  signal.addEventListener("abort", () => {
    drawing.delete(draw);
    clearing.delete(clear);
    clear();
  });
}
