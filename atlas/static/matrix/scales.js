/**
 * The same in `atlas/site/figures/heatmap.py` (one matrix) and `atlas/site/across/shared_scale.py`
 * (several models), so that a preview and its figure look the same.
 *
 * Colour scales. Of one matrix: from values to shares of the palette in [0, 1], with the ticks of the
 * colour bar and what the colours mean, in words. Of several models: from values to the 255 steps of
 * a scale that they share, and back.
 */

import { ABSENT, UNDEFINED, classes, isWhole, known, number, worded } from "./numbers.js";
import { chosen, hasLog, isLog, shareOn, spanOf, spanText } from "./spans.js";
import { linearTicks, logTicks } from "./ticks.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {import("./spans.js").Name|"row"|"column"|"whole"} Scale */
/** @typedef {{at: number, label: string}} Tick */
/** @typedef {{shares: Float32Array, ticks: Tick[], text: string}} Coloured */
/**
 * A scale that several models share.
 * @typedef {object} Shared
 * @property {string} kind
 * @property {"linear"|"log"|"whole"} transform
 * @property {number} low value of the first step
 * @property {number} high value of the last step
 * @property {boolean} below there are values below the first step
 * @property {boolean} above
 * @property {string[]} categories
 * @property {boolean} [undefined] some values without a step cannot be defined
 */

/** The highest step of a shared scale. */
export const STEPS = 254;
/** The step of a value that does not exist. */
export const MISSING = 255;

/**
 * What hatched cells stand for where maps of several models are shown.
 * @param {Shared} scale
 */
export function hatching(scale) {
  return `hatched: does not exist in that architecture${scale.undefined ? ", or cannot be defined for that model" : ""}`;
}

/** @type {Record<Scale, string>} */
const LABELS = {
  linear: "Linear, own range",
  range: "Linear, possible range",
  log: "Logarithmic",
  robust: "Linear, without outliers",
  "log-robust": "Logarithmic, without outliers",
  row: "Each row by itself",
  column: "Each column by itself",
  whole: "By category",
};

/**
 * The scales that fit a matrix, first the one that shows it best.
 * @param {Matrix} matrix
 * @returns {{value: Scale, label: string}[]}
 */
export function choices(matrix) {
  const option = (/** @type {Scale} */ value) => ({ value, label: LABELS[value] });
  if (isWhole(matrix)) return [option("whole")];
  /** @type {Scale[]} */
  const fitting = ["linear"];
  const [low, high] = matrix.range ?? [null, null];
  if (low !== null && high !== null) fitting.push("range");
  const isPositive = hasLog(matrix) && known(matrix)[0] >= 0;
  fitting.push(...(isPositive ? /** @type {const} */ (["log", "robust", "log-robust"]) : /** @type {const} */ (["robust"])));
  if (matrix.kind !== "diverging") fitting.push("row", "column");
  const first = chosen(matrix);
  return [first, ...fitting.filter((scale) => scale !== first)].map(option);
}

/**
 * A matrix on a scale.
 * @param {Matrix} matrix
 * @param {Scale} scale
 * @returns {Coloured}
 */
export function colour(matrix, scale) {
  if (scale === "whole") return whole(matrix);
  return scale === "row" || scale === "column" ? apart(matrix, scale) : spanned(matrix, spanOf(matrix, scale));
}

/**
 * @param {Matrix} matrix
 * @returns {Coloured}
 */
function whole(matrix) {
  const { length: count, 0: light, 1: dark } = classes(matrix);
  const text = matrix.kind === "binary" ? `dark ${dark}, light ${light}` : "one colour per category";
  return { shares: mapped(matrix, (value) => (value + 0.5) / count), ticks: [], text };
}

/**
 * @param {Matrix} matrix
 * @param {import("./spans.js").Span} span
 * @returns {Coloured}
 */
function spanned(matrix, span) {
  const share = shareOn(span);
  const values = (isLog(span.name) ? logTicks : linearTicks)(span.low, span.high, { whole: isCounted(matrix) });
  const ticks = values.map((value) => ({ at: share(value), label: worded(matrix, value) }));
  return { shares: mapped(matrix, share), ticks, text: spanText(matrix, span) };
}

/**
 * Whether values are whole numbers, and their ticks with them: means of counts are not.
 * @param {Matrix} matrix
 */
function isCounted(matrix) {
  return matrix.kind === "counts" && known(matrix).every(Number.isInteger);
}

/**
 * Each row, or each column, between its own lowest and highest value.
 * @param {Matrix} matrix
 * @param {"row"|"column"} scale
 * @returns {Coloured}
 */
function apart(matrix, scale) {
  const lines =
    scale === "row" ? matrix.values : matrix.columns.map((_, at) => matrix.values.map((row) => row[at]));
  const shares = lines.map((line) => {
    const values = /** @type {number[]} */ (line.filter((value) => value !== null));
    return shareOn({ name: "linear", low: Math.min(...values), high: Math.max(...values), below: 0, above: 0 });
  });
  const text = `each ${scale} between its own lowest and highest value; compare within a ${scale} only`;
  const ticks = [
    { at: 0, label: "lowest" },
    { at: 1, label: "highest" },
  ];
  return {
    shares: mapped(matrix, (value, row, column) => shares[scale === "row" ? row : column](value)),
    ticks,
    text,
  };
}

/**
 * @param {Matrix} matrix
 * @param {(value: number, row: number, column: number) => number} share
 * @returns {Float32Array} a row after the other, NaN where a value does not exist
 */
function mapped(matrix, share) {
  const width = matrix.columns.length;
  const out = new Float32Array(matrix.rows.length * width);
  matrix.values.forEach((values, row) =>
    values.forEach((value, column) => {
      out[row * width + column] = value === null ? NaN : share(value, row, column);
    }),
  );
  return out;
}

/**
 * The place of a value on a shared scale.
 * @param {Shared} scale
 * @param {number | null} value
 * @returns {number} 0..254, or MISSING
 */
export function stepOf({ transform, low, high }, value) {
  if (value === null) return MISSING;
  if (transform === "whole") return value;
  const log = transform === "log";
  const [from, to, at] = log
    ? [Math.log(low), Math.log(high), Math.log(Math.max(value, low))]
    : [low, high, value];
  const share = to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 0.5;
  return Math.round(share * STEPS);
}

/**
 * The ticks of a colour bar that several models share.
 * @param {Shared} scale
 * @returns {Tick[]}
 */
export function sharedTicks({ kind, transform, low, high }) {
  const isLog = transform === "log";
  const share = shareOn({ name: isLog ? "log" : "linear", low, high, below: 0, above: 0 });
  const values = (isLog ? logTicks : linearTicks)(low, high, { whole: kind === "counts" });
  return values.map((value) => ({ at: share(value), label: number(value) }));
}

/**
 * @param {Shared} scale
 * @param {number} step
 * @returns {number} the value that a step stands for
 */
export function valueOf({ transform, low, high, kind }, step) {
  if (transform === "whole") return step;
  const share = step / STEPS;
  const value = transform === "log" ? low * (high / low) ** share : low + (high - low) * share;
  return kind === "counts" && high <= STEPS ? Math.round(value) : value;
}

/**
 * The value of a step as text: exact for classes and small counts, else rounded.
 * @param {Shared} scale
 * @param {number} step
 * @returns {{value: string, note: string}}
 */
export function stepText(scale, step) {
  if (step === MISSING) return { value: scale.undefined ? `${ABSENT}, or ${UNDEFINED}` : ABSENT, note: "" };
  if (scale.transform === "whole") return { value: scale.categories[step], note: "" };
  const value = number(valueOf(scale, step));
  if (step === 0 && scale.below) return { value: `${value} or less`, note: "" };
  if (step === STEPS && scale.above) return { value: `${value} or more`, note: "" };
  if (scale.kind === "counts" && scale.high <= STEPS) return { value, note: "" };
  if (!(scale.high > scale.low)) return { value, note: "" };
  return { value: `≈ ${value}`, note: `rounded to the picture's steps, ${halfStep(scale)}` };
}

/**
 * @param {Shared} scale
 * @returns {string} half a step, in words
 */
function halfStep({ transform, low, high }) {
  if (transform === "log") return `within ${number(((high / low) ** (0.5 / STEPS) - 1) * 100)} %`;
  return `within ${number((high - low) / STEPS / 2)}`;
}
