/**
 * What the colours of panels on one scale mean: a colour bar, or the classes as switches.
 */

import { direction, grouped, number } from "../matrix/numbers.js";
import { apart } from "../matrix/labels.js";
import { STEPS, sharedTicks } from "../matrix/scales.js";
import { colour } from "./canvas.js";
import { button, made } from "../shell/dom.js";

const BAR = 7.8; // rem of a colour bar on a phone
const GLYPH = 0.36; // rem of a character of its ticks
const SPACE = 0.4; // rem between two of them

/** @typedef {import("../matrix/scales.js").Shared & {unit: string, direction: string, kind: any}} Told */

/**
 * Put the key of a scale into its place: a colour bar, or the classes. A class with the focus keeps it.
 * @param {HTMLElement} home
 * @param {Told} scale
 * @param {Record<string, string[]>} palettes
 * @param {ReadonlySet<number>} off classes that are switched off
 * @param {() => number[]} counts cells by class
 * @param {(category: number) => void} toggle
 */
export function showKey(home, scale, palettes, off, counts, toggle) {
  if (scale.transform !== "whole") return home.replaceChildren(bar(scale, palettes));
  const focused = [...home.querySelectorAll("button")].findIndex((one) => one === document.activeElement);
  home.replaceChildren(classes(scale, palettes, off, counts(), toggle));
  if (focused >= 0) home.querySelectorAll("button")[focused]?.focus();
}

/**
 * A colour bar between its ends, with round ticks, unit, and what a higher value means.
 * @param {Told} scale
 * @param {Record<string, string[]>} palettes
 * @returns {HTMLElement}
 */
export function bar(scale, palettes) {
  const palette = palettes[scale.kind];
  const stops = Array.from({ length: 17 }, (_, at) => colour(scale, palette, Math.round((at / 16) * STEPS)));
  const key = made("div", "atlas-key");
  const strip = made("i", "atlas-key-bar");
  strip.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const ticks = sharedTicks(scale);
  const longest = Math.max(0, ...ticks.map(({ label }) => label.length));
  for (const { at, label } of apart(ticks, (longest * GLYPH + SPACE) / BAR)) {
    const tick = made("span", "", label);
    tick.style.left = `${at * 100}%`;
    strip.append(tick);
  }
  key.append(
    made("span", "atlas-number", `${scale.below ? "≤ " : ""}${number(scale.low)}`),
    strip,
    made("span", "atlas-number", `${scale.above ? "≥ " : ""}${number(scale.high)}`),
    made("span", "atlas-unit", scale.unit),
    // @ts-ignore: `direction` reads no more of a matrix than is here
    made("span", "atlas-key-note", direction(scale)),
  );
  return key;
}

/**
 * The classes of a scale, each a switch with the number of its cells.
 * @param {Told} scale
 * @param {Record<string, string[]>} palettes
 * @param {ReadonlySet<number>} off classes that are switched off
 * @param {number[]} counts cells by class
 * @param {(category: number) => void} toggle
 * @returns {HTMLElement}
 */
function classes(scale, palettes, off, counts, toggle) {
  const key = made("div", "atlas-key");
  key.setAttribute("role", "group");
  key.setAttribute("aria-label", "Classes shown");
  scale.categories.forEach((name, category) => {
    const one = button("", "atlas-class");
    one.setAttribute("aria-pressed", String(!off.has(category)));
    const mark = made("i");
    mark.style.background = colour(scale, palettes[scale.kind], category);
    one.append(mark, name, made("small", "", grouped(counts[category])));
    one.addEventListener("click", () => toggle(category));
    key.append(one);
  });
  return key;
}
