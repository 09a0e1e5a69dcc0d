/**
 * The key of panels on one scale: a colour bar, or the classes as switches.
 */

import { direction, number } from "../matrix/numbers.js";
import { colour, STEPS } from "./canvas.js";

/** @typedef {import("./canvas.js").Scale & {unit: string, direction: string, kind: any}} Told */

/**
 * @param {string} tag
 * @param {string} [name] its class
 * @param {string} [text]
 * @returns {HTMLElement}
 */
export function made(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

/**
 * A colour bar with its ends, unit, and what a higher value means.
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
export function classes(scale, palettes, off, counts, toggle) {
  const key = made("div", "atlas-key");
  key.setAttribute("role", "group");
  key.setAttribute("aria-label", "Classes shown");
  scale.categories.forEach((name, category) => {
    const button = made("button", "atlas-class");
    button.setAttribute("type", "button");
    button.setAttribute("aria-pressed", String(!off.has(category)));
    const mark = made("i");
    mark.style.background = colour(scale, palettes[scale.kind], category);
    button.append(mark, name, made("small", "", counts[category].toLocaleString("en")));
    button.addEventListener("click", () => toggle(category));
    key.append(button);
  });
  return key;
}
