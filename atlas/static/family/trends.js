/**
 * What a family's trends show: means by relative depth, a line a size, and over sizes.
 */

import { byLayer, meanOfAll } from "./sizes.js";
import { grouped, number } from "../matrix/numbers.js";

/** @typedef {import("./sizes.js").Size} Size */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("./sizes.js").Pick} Pick */
/** @typedef {import("../plots/lines.js").Chart} Chart */

/**
 * @param {Size[]} sizes
 * @param {Quantity} quantity
 * @param {Pick} pick what the lines show
 * @param {(at: number) => string} shade the colour of a size
 * @returns {Chart[]} by depth where there are layers, over sizes where two or more are known
 */
export function charts(sizes, quantity, pick, shade) {
  const title = quantity.title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  const whole = quantity.transform === "whole";
  const one = whole || pick.label === "all" ? "" : ` in ${pick.label}`;
  const what = `${whole ? `Share of ${pick.label}` : `Mean of ${title}`}${one}`;
  const log = quantity.transform === "log";
  return [...byDepth(sizes, pick, what, log, shade), ...bySize(sizes, pick, what, log, shade)];
}

/**
 * @param {Size[]} sizes
 * @param {Pick} pick
 * @param {string} what
 * @param {boolean} log
 * @param {(at: number) => string} shade
 * @returns {Chart[]}
 */
function byDepth(sizes, pick, what, log, shade) {
  const lines = sizes
    .map(({ model, matrix }, at) => ({
      name: model.name,
      colour: shade(at),
      dots: false,
      points: points(byLayer(matrix, pick), log),
    }))
    .filter((line) => line.points.length);
  if (!lines.length) return [];
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: String(at) }));
  return [
    { title: `${what} by relative depth`, x: "relative depth, 0 the first layer and 1 the last", ticks, log, lines },
  ];
}

/**
 * @param {(number|null)[] | null} means a layer
 * @param {boolean} log
 * @returns {import("../plots/lines.js").Point[]}
 */
function points(means, log) {
  const last = (means?.length ?? 1) - 1;
  return (means ?? []).flatMap((y, layer) => {
    if (y === null || (log && y <= 0)) return [];
    return [{ x: last ? layer / last : 0.5, y, told: `layer ${layer} of ${last + 1}` }];
  });
}

/**
 * @param {Size[]} sizes
 * @param {Pick} pick
 * @param {string} what
 * @param {boolean} log
 * @param {(at: number) => string} shade
 * @returns {Chart[]}
 */
function bySize(sizes, pick, what, log, shade) {
  const each = sizes.flatMap(({ model, matrix }, at) => {
    const y = meanOfAll(matrix, pick);
    if (model.parameters === null || y === null || (log && y <= 0)) return [];
    const told = `${grouped(model.parameters)} parameters`;
    const point = { x: Math.log10(model.parameters), y, told };
    return [{ name: model.name, colour: shade(at), dots: true, points: [point] }];
  });
  if (each.length < 2) return [];
  const all = each.flatMap((line) => line.points);
  const line = { name: "", colour: "var(--atlas-hatch)", dots: false, points: all };
  const ticks = sizeTicks(all.map(({ x }) => x));
  return [{ title: `${what} over the whole model`, x: "parameters", ticks, log, lines: [line, ...each] }];
}

/**
 * @param {number[]} exponents decimal logarithms of parameters, ascending or not
 * @returns {{at: number, label: string}[]} both ends, with room around them, and powers of ten
 */
function sizeTicks(exponents) {
  const [low, high] = [Math.min(...exponents) - 0.1, Math.max(...exponents) + 0.1];
  const between = [];
  for (let power = Math.ceil(low); power <= high; power += 1) between.push(power);
  const factors = between.length > 1 ? [0] : [0, Math.log10(2), Math.log10(5)];
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const factor of factors) {
      const at = power + factor;
      if (at > low && at < high) ticks.push({ at, label: short(10 ** at) });
    }
  }
  return [{ at: low, label: "" }, ...ticks, { at: high, label: "" }];
}

/**
 * @param {number} parameters
 * @returns {string} 350 M, 7 B
 */
function short(parameters) {
  if (parameters >= 1e9) return `${number(parameters / 1e9)} B`;
  return parameters >= 1e6 ? `${number(parameters / 1e6)} M` : `${number(parameters / 1e3)} k`;
}
