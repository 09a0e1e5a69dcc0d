/**
 * The same in `atlas/profiles/contrast.py`, of what binds in `atlas/profiles/comparable.py`, and of
 * what is largest in `tests/support/comparison_reference.py`.
 *
 * What may be subtracted, and what comes out; the baseline is the first model.
 */

import { rounded, scalar } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {import("./align.js").Values} Values */
/** @typedef {Record<string, string|number|boolean|null>} Scalars */
/** @typedef {{format: number, analysis: string, version: number, model?: {revision: string|null, digest: string|null}, protocol: Scalars, conditions: Scalars, facts?: Scalars, matrices: Matrix[]}} Profile */
/** @typedef {{what: string, first: string, second: string}} Differs */
/** @typedef {[number, number, number]} Cell model, row, column */

const BINDING = ["scored_bytes", "shortened", "estimator"];

/**
 * The differences that forbid subtracting a matrix of two profiles; empty where there are none.
 * @param {Profile} first
 * @param {Profile} second
 * @param {Matrix} ours
 * @param {Matrix} theirs
 * @returns {Differs[]}
 */
export function obstacles(first, second, ours, theirs) {
  const axes = (/** @type {Matrix} */ matrix) => matrix.axes.join(" by ").replaceAll("_", " ");
  return [
    ...differing("analysis", first.analysis, second.analysis),
    ...differing("version of the method", first.version, second.version),
    ...entries("protocol", first.protocol, second.protocol).map((one) => byName(one, first, second)),
    ...entries("", binding(first), binding(second)),
    ...differing("unit", ours.unit, theirs.unit),
    ...differing("kind of values", ours.kind, theirs.kind),
    ...differing("axes", axes(ours), axes(theirs)),
  ];
}

/**
 * The conditions that must agree like a protocol: what of the corpus was scored, and a stand-in for
 * an estimate.
 * @param {Profile} profile
 * @returns {Scalars}
 */
function binding({ conditions }) {
  const held = BINDING.filter((key) => key in conditions).map((key) => [key, conditions[key]]);
  return Object.fromEntries(held);
}

/**
/**
 * What differs, a corpus called by its name where the profile says it: a digest says nothing.
 * @param {Differs} one
 * @param {Profile} first
 * @param {Profile} second
 * @returns {Differs}
 */
function byName(one, first, second) {
  if (one.what !== "protocol corpus") return one;
  const called = (/** @type {Profile} */ { conditions }, /** @type {string} */ digest) =>
    "corpus" in conditions ? `${conditions.corpus}, ${digest}` : digest;
  return { what: one.what, first: called(first, one.first), second: called(second, one.second) };
}

/**
 * Conditions in which two profiles were measured differently and which forbid no comparison. The corpus
 * is none of them: its name stands with the protocol.
 * @param {Profile} first
 * @param {Profile} second
 * @returns {Differs[]}
 */
export function conditions(first, second) {
  return entries("", free(first), free(second));
}

/**
 * The conditions that do not bind.
 * @param {Profile} profile
 * @returns {Scalars}
 */
function free({ conditions }) {
  const told = [...BINDING, "corpus"];
  return Object.fromEntries(Object.entries(conditions).filter(([key]) => !told.includes(key)));
}

/**
 * @param {string} prefix
 * @param {Scalars} first
 * @param {Scalars} second
 * @returns {Differs[]}
 */
function entries(prefix, first, second) {
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
  return keys.flatMap((key) =>
    differing(`${prefix} ${key.replaceAll("_", " ")}`.trim(), first[key] ?? null, second[key] ?? null),
  );
}

/**
 * @param {string} what
 * @param {Scalars[string]} first
 * @param {Scalars[string]} second
 * @returns {Differs[]}
 */
function differing(what, first, second) {
  return first === second ? [] : [{ what, first: scalar(first), second: scalar(second) }];
}

/**
 * Whether "twice as much" means something: amounts and counts that cannot be negative.
 * @param {Matrix} matrix
 */
export function hasRatio(matrix) {
  const low = matrix.range?.[0] ?? null;
  const bounded = matrix.scale === "log" || matrix.kind === "counts" || (low !== null && low >= 0);
  return (matrix.kind === "sequential" || matrix.kind === "counts") && bounded;
}

/**
 * Every other model minus the first; null where either has no value.
 * @param {Values[]} values of all models on one grid
 * @returns {Values[]}
 */
export function differences(values) {
  return against(values, (value, first) => value - first);
}

/**
 * How many times the first model's value every other one has; null where either has none or is not
 * above 0.
 * @param {Values[]} values
 * @returns {Values[]}
 */
export function ratios(values) {
  return against(values, (value, first) => (value > 0 && first > 0 ? value / first : null));
}

/**
 * 1 where the class of another model differs from the first one's, else 0.
 * @param {Values[]} values
 * @returns {Values[]}
 */
export function changes(values) {
  return against(values, (value, first) => (value === first ? 0 : 1));
}

/**
 * @param {Values[]} values
 * @param {(value: number, first: number) => number|null} contrast
 * @returns {Values[]}
 */
function against(values, contrast) {
  const [first, ...others] = values;
  return others.map((lines) =>
    lines.map((line, row) =>
      line.map((value, column) => {
        const base = first[row][column];
        return value === null || base === null ? null : contrast(value, base);
      }),
    ),
  );
}

/**
 * Where a difference, or a ratio in either direction, is largest; the first of equals.
 * @param {Values[]} contrast
 * @param {boolean} [ratio]
 * @returns {Cell|null} null where there is no value
 */
export function largest(contrast, ratio = false) {
  /** @type {Cell|null} */
  let found = null;
  let most = -Infinity;
  contrast.forEach((lines, model) =>
    lines.forEach((line, row) =>
      line.forEach((value, column) => {
        if (value === null) return;
        const size = ratio ? Math.max(value, 1 / value) : Math.abs(value);
        if (size > most) [most, found] = [size, [model, row, column]];
      }),
    ),
  );
  return found;
}

/**
 * A computed number without the noise of binary fractions.
 * @param {number} value
 * @returns {number}
 */
export function tidy(value) {
  return rounded(value, 12);
}
