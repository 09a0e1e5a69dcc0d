/**
 * The colour bar of a scale that panels share: what it is for a scene, and on the screen.
 */

import { number } from "../matrix/numbers.js";
import { STEPS, sharedTicks } from "../matrix/scales.js";
import { colour } from "./canvas.js";
import { made } from "../shell/dom.js";

/** @typedef {import("../matrix/scales.js").Shared} Shared */
/** @typedef {import("../drawing/scene.js").Key & {kind: "bar"}} Bar */

const SAMPLES = 32;
/** Width of a character on average, in pixels. */
const CHARACTER = 6.6;
/** Share of the bar that the label of an end keeps clear of others. */
const CLEAR = 0.09;

/**
 * The bar of a scale: where values lie beyond an end, the end says so.
 * @param {Shared & {title: string, unit: string}} scale of numbers, not of classes
 * @param {Record<string, string[]>} palettes
 * @param {boolean} beside whether it stands upright beside the panels
 * @returns {Bar}
 */
export function barOf(scale, palettes, beside) {
  const { low, high, below, above, title, unit } = scale;
  const ends = [...(below ? [{ at: 0, label: `≤ ${number(low)}` }] : []), ...(above ? [{ at: 1, label: `≥ ${number(high)}` }] : [])];
  const between = sharedTicks(scale).filter((tick) => ends.every((end) => Math.abs(end.at - tick.at) > CLEAR));
  const palette = Array.from({ length: SAMPLES }, (_, at) => colour(scale, palettes[scale.kind], Math.round((at / (SAMPLES - 1)) * STEPS)));
  const ticks = [...ends, ...between].sort((one, other) => one.at - other.at);
  return { kind: "bar", title: unit ? `${title}, ${unit}` : title, palette, ticks, beside };
}

/**
 * A bar on the screen; the style sheet lays an upright one down where the screen is narrow.
 * @param {Bar} bar
 * @returns {HTMLElement}
 */
export function drawBar({ title, palette, ticks, beside }) {
  const key = made("div", `atlas-colourbar${beside ? " atlas-colourbar-upright" : ""}`);
  const strip = made("i");
  strip.style.setProperty("--stops", palette.join(", "));
  const labels = made("div", "atlas-colourbar-ticks");
  labels.style.setProperty("--wide", `${Math.max(0, ...ticks.map(({ label }) => label.length)) * CHARACTER + 12}px`);
  for (const { at, label } of ticks) {
    const tick = made("span", "", label);
    tick.style.setProperty("--at", `${at * 100}%`);
    labels.append(tick);
  }
  key.append(made("span", "atlas-colourbar-title", title), strip, labels);
  return key;
}
