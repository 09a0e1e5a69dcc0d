/**
 * What a family's trends show: means by relative depth, a line a size, and over sizes.
 */

import { byLayer, meanOfAll } from "./sizes.js";
import { grouped, number } from "../matrix/numbers.js";
import { logTicks } from "../matrix/ticks.js";

/** @typedef {import("./sizes.js").Size} Size */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("./sizes.js").Pick} Pick */
/** @typedef {import("../plots/lines.js").Chart} Chart */

/**
 * @typedef {object} Look how a size is shown
 * @property {string} name
 * @property {string} colour
 * @property {string} paper its colour on white
 */

/**
 * @param {Size[]} sizes
 * @param {Quantity} quantity
 * @param {Pick} pick what the lines show
 * @param {boolean} isLadder whether their sizes differ
 * @param {(size: Size, at: number) => Look} look
 * @returns {Chart[]} by depth where there are layers, then over sizes
 */
export function charts(sizes, quantity, pick, isLadder, look) {
  const title = quantity.title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  const whole = quantity.transform === "whole";
  const one = whole || pick.label === "all" ? "" : ` in ${pick.label}`;
  const what = `${whole ? `Share of ${pick.label}` : `Mean ${title}`}${one}`;
  const unit = whole ? "share of all cells" : quantity.unit;
  const y = unit ? `${unit[0].toUpperCase()}${unit.slice(1)}` : "Mean";
  const log = quantity.transform === "log";
  const shown = sizes.map((size, at) => ({ ...size, ...look(size, at) }));
  return [...byDepth(shown, pick, what, y, log), ...(isLadder ? bySize(shown, pick, what, y, log) : [])];
}

/**
 * @param {(Size & Look)[]} sizes
 * @param {Pick} pick
 * @param {string} what
 * @param {string} y
 * @param {boolean} log
 * @returns {Chart[]}
 */
function byDepth(sizes, pick, what, y, log) {
  const lines = sizes
    .map(({ name, colour, paper, matrix }) => ({
      ...{ name, colour, paper, dots: false },
      points: points(byLayer(matrix, pick), log),
    }))
    .filter((line) => line.points.length);
  if (!lines.length) return [];
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: String(at) }));
  const across = { from: 0, to: 1, ticks };
  return [{ title: `${what}, by relative depth`, x: "Relative depth (0: first layer, 1: last)", y, across, log, lines }];
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
 * @param {(Size & Look)[]} sizes
 * @param {Pick} pick
 * @param {string} what
 * @param {string} y
 * @param {boolean} log
 * @returns {Chart[]}
 */
function bySize(sizes, pick, what, y, log) {
  const each = sizes.flatMap(({ name, colour, paper, model, matrix }) => {
    const mean = meanOfAll(matrix, pick);
    if (model.parameters === null || mean === null || (log && mean <= 0)) return [];
    const told = `${grouped(model.parameters)} parameters`;
    return [{ name, colour, paper, dots: true, points: [{ x: Math.log10(model.parameters), y: mean, told }] }];
  });
  const all = each.flatMap((line) => line.points);
  if (new Set(all.map(({ x }) => x)).size < 2) return [];
  const line = { name: "", colour: "var(--atlas-hatch)", paper: "#aab2bf", dots: false, points: all };
  return [{ title: `${what}, whole model`, x: "Parameters", y, across: sizeAxis(all.map(({ x }) => x)), log, lines: [line, ...each] }];
}

/**
 * @param {number[]} exponents decimal logarithms of parameters, ascending or not
 * @returns {Chart["across"]} with room around all, and round numbers of parameters
 */
function sizeAxis(exponents) {
  const [from, to] = [Math.min(...exponents) - 0.1, Math.max(...exponents) + 0.1];
  const ticks = logTicks(10 ** from, 10 ** to).map((value) => ({ at: Math.log10(value), label: short(value) }));
  return { from, to, ticks };
}

/**
 * @param {number} parameters
 * @returns {string} 350 M, 7 B
 */
function short(parameters) {
  if (parameters >= 1e9) return `${number(parameters / 1e9)} B`;
  return parameters >= 1e6 ? `${number(parameters / 1e6)} M` : `${number(parameters / 1e3)} k`;
}
