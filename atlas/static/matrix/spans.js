/**
 * The same in `atlas/site/figures/spans.py`, which states the rule.
 *
 * Which values the two ends of a colour scale have, and whether it is even in them or in their
 * logarithms: chosen from the data, so that most values can be told apart.
 */

import { known, scalar, worded } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {"linear"|"range"|"log"|"robust"|"log-robust"} Name */
/**
 * A scale from its lowest to its highest value; how many values lie beyond either end.
 * @typedef {object} Span
 * @property {Name} name
 * @property {number} low
 * @property {number} high
 * @property {number} below
 * @property {number} above
 */

/** Share of the colours that any half of the values have on a scale that is fit to be first. */
const LEAST = 0.05;
const TAIL = 0.005;
const FEWEST = 8;
/** @type {Record<Name, string>} */
const WORDS = {
  linear: "linear",
  range: "linear over the possible range",
  log: "logarithmic",
  robust: "linear without outliers",
  "log-robust": "logarithmic without outliers",
};

/**
 * The scale that a matrix of values opens with.
 * @param {Matrix} matrix
 * @returns {Name}
 */
export function chosen(matrix) {
  if (isFixed(matrix)) return "range";
  const names = fitting(matrix);
  const shares = names.map((name) => toldApart(matrix, name));
  const fit = shares.findIndex((share) => share >= LEAST);
  return names[fit < 0 ? shares.indexOf(Math.max(...shares)) : fit];
}

/**
 * Whether colours span what is possible: scores of heads from 0 to 1, whichever axis is up.
 * @param {Matrix} matrix
 */
export function isFixed({ kind, scale, axes, range }) {
  const isLinear = kind === "sequential" && scale === "linear";
  return isLinear && [...axes].sort().join() === "head,layer" && range?.join() === "0,1";
}

/**
 * The scales to choose from, the one that comes first before the others.
 * @param {Matrix} matrix
 * @returns {Name[]}
 */
function fitting(matrix) {
  const values = known(matrix);
  const isMany = values.length >= FEWEST;
  if (matrix.scale === "log" && hasLog(matrix)) return isMany ? ["log", "log-robust"] : ["log"];
  if (!isMany) return ["linear"];
  return matrix.kind === "sequential" && values[0] > 0 ? ["linear", "log", "robust", "log-robust"] : ["linear", "robust"];
}

/**
 * Whether a logarithmic scale can show a matrix: values below 0 have no place on it.
 * @param {Matrix} matrix
 */
export function hasLog(matrix) {
  const values = known(matrix);
  return matrix.kind !== "diverging" && values[values.length - 1] > 0;
}

/**
 * A scale of that name over a matrix of values.
 * @param {Matrix} matrix
 * @param {Name} name
 * @returns {Span}
 */
export function spanOf(matrix, name) {
  const values = known(matrix);
  if (!values.length) return { name, low: 0, high: 0, below: 0, above: 0 };
  const [low, high] = ends(matrix, name);
  const below = values.filter((value) => value < low).length;
  return { name, low, high, below, above: values.filter((value) => value > high).length };
}

/**
 * @param {Matrix} matrix with some value
 * @param {Name} name
 * @returns {[number, number]}
 */
function ends(matrix, name) {
  if (name === "range" && matrix.range) return [Number(matrix.range[0]), Number(matrix.range[1])];
  const told = isLog(name) ? positive(matrix) : known(matrix);
  const tail = name === "robust" || name === "log-robust" ? tailOf(told.length) : 0;
  if (matrix.kind === "diverging") {
    const bound = quantile(told.map(Math.abs).sort((a, b) => a - b), 1 - tail);
    return [-bound, bound];
  }
  const low = matrix.kind === "counts" && !isLog(name) ? 0 : quantile(told, tail);
  return [low, quantile(told, 1 - tail)];
}

/** @param {Name} name */
export function isLog(name) {
  return name === "log" || name === "log-robust";
}

/**
 * From values to places on the scale in [0, 1]; those beyond have that of an end.
 * @param {Span} span
 * @returns {(value: number) => number}
 */
export function shareOn({ name, low, high }) {
  if (!(high > low)) return () => 0.5;
  const read = (/** @type {number} */ value) => (isLog(name) ? Math.log(Math.max(value, low)) : value);
  const [from, to] = [read(low), read(high)];
  return (value) => Math.min(1, Math.max(0, (read(value) - from) / (to - from)));
}

/**
 * What the colours mean, in words.
 * @param {Matrix} matrix
 * @param {Span} span
 */
export function spanText(matrix, { name, low, high, below, above }) {
  const [beyond, all] = [below + above, known(matrix).length];
  const take = `values beyond take${beyond === 1 ? "s" : ""} the end colour`;
  const tail = beyond ? `; ${scalar(beyond)} of ${scalar(all)} ${take}` : "";
  return `${WORDS[name]}, ${worded(matrix, low)} to ${worded(matrix, high)}${tail}`;
}

/**
 * The smallest share of the colours that half of the values lie in.
 * @param {Matrix} matrix
 * @param {Name} name
 */
function toldApart(matrix, name) {
  const span = spanOf(matrix, name);
  const told = isLog(name) ? positive(matrix) : known(matrix);
  const shares = told.map(shareOn(span));
  const half = shares.length >> 1;
  return Math.min(...shares.slice(half).map((share, at) => share - shares[at]));
}

/**
 * The share of so many values that are outliers on either side.
 * @param {number} count
 */
function tailOf(count) {
  return count >= FEWEST ? Math.max(TAIL, 1 / (count - 1)) : 0;
}

/**
 * @param {Matrix} matrix
 * @returns {readonly number[]} the values above 0, ascending
 */
function positive(matrix) {
  return known(matrix).filter((value) => value > 0);
}

/**
 * @param {readonly number[]} ascending
 * @param {number} share
 * @returns {number} the value below which that share lies, interpolated
 */
function quantile(ascending, share) {
  const at = share * (ascending.length - 1);
  const [low, high] = [ascending[Math.floor(at)], ascending[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}
