/**
 * The same in `tests/support/comparison_reference.py`, which says what is meant.
 *
 * How sure a difference between two models is. Where sums of every passage are published, and both
 * read the same text, their passages are paired: what a passage adds to both cancels. Else each
 * model's own error counts, as if they had read different texts, which is far too wide.
 */

import { isWhole } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {import("./align.js").Grid} Grid */
/** @typedef {import("./align.js").Values} Values */
/** @typedef {import("./contrast.js").Profile} Profile */
/** @typedef {{passage: number} & Record<string, any>} Passage as a part of a profile has it */
/** @typedef {{profile: Profile, matrix: Matrix, passages: Passage[] | null}} Measured */
/** @typedef {{values: Values, passages: number}} Errors `passages` that were paired, 0 for none */
/**
 * What a passage adds to a cell: values are ratios of the sums of `total` and `size`. NaN where it
 * adds nothing.
 * @typedef {object} Ratio
 * @property {(passage: Passage, row: number, column: number) => number} total
 * @property {(passage: Passage) => number} size
 */

/** Standard errors of a difference within which it is drawn as none. */
const SURELY = 2;

/**
 * Quantities that are ratios of published sums, by analysis; `part` is the file that has them.
 * @type {Record<string, {part: string, of: Record<string, (passages: Passage[]) => Ratio>}>}
 */
const PUBLISHED = {
  importance: { part: "passages", of: { taylor: shareOfLargest, block_increase: increase } },
  masks: { part: "losses", of: { "delta:attn": () => without(0), "delta:mlp": () => without(1) } },
};

/**
 * The part of a profile that has the sums of a matrix, passage by passage.
 * @param {Profile} profile
 * @param {string} name of the matrix
 * @returns {string} empty where there is none, or where its estimates are no ratios of sums
 */
export function partOf({ analysis, conditions, matrices }, name) {
  const { part, of } = PUBLISHED[analysis] ?? { part: "", of: {} };
  const spread = matrices.find((matrix) => matrix.name === name)?.spread;
  return spread && name in of && !("estimator" in conditions) ? part : "";
}

/**
 * Standard errors of the differences between two models.
 * @param {Measured} first
 * @param {Measured} second
 * @param {Grid} grid
 * @param {[number, number]} models the places of both in the grid
 * @returns {Errors | null} null where none can be told
 */
export function errors(first, second, grid, models) {
  const measured = [first, second];
  if (!measured.every(({ matrix }) => matrix.spread && !isWhole(matrix))) return null;
  const pairs = paired(first.passages, second.passages);
  const { analysis } = first.profile;
  const ratios = measured.map(({ matrix, passages }) => PUBLISHED[analysis]?.of[matrix.name]?.(passages ?? []));
  let most = 0;
  const values = over(grid, models, (ours, theirs) => {
    if (!pairs.length) return unpaired(first.matrix, second.matrix, ours, theirs);
    const [error, count] = pairedError(pairs, ratios[0], ratios[1], ours, theirs);
    most = Math.max(most, count);
    return error;
  });
  return { values, passages: most };
}

/**
 * Whether a difference is within its error, as far as that is known.
 * @param {number | null} difference
 * @param {number | null} error
 */
export function isWithin(difference, error) {
  return difference !== null && error !== null && Math.abs(difference) <= SURELY * error;
}

/**
 * @param {Matrix} first
 * @param {Matrix} second
 * @param {[number, number]} ours row and column
 * @param {[number, number]} theirs
 */
function unpaired(first, second, ours, theirs) {
  const [a, b] = [first.spread?.[ours[0]][ours[1]] ?? null, second.spread?.[theirs[0]][theirs[1]] ?? null];
  return a === null || b === null ? null : Math.hypot(a, b);
}

/**
 * The linearised error of the difference of two ratios of sums over the same passages.
 * @param {[Passage, Passage][]} pairs
 * @param {Ratio} first
 * @param {Ratio} second
 * @param {[number, number]} ours
 * @param {[number, number]} theirs
 * @returns {[number | null, number]} and how many passages count
 */
function pairedError(pairs, first, second, ours, theirs) {
  const found = pairs
    .map(([a, b]) => [first.total(a, ...ours), first.size(a), second.total(b, ...theirs), second.size(b)])
    .filter((line) => !line.some(Number.isNaN));
  const sums = [0, 0, 0, 0];
  for (const line of found) line.forEach((value, at) => (sums[at] += value));
  const [totalA, sizeA, totalB, sizeB] = sums;
  const count = found.length;
  if (count < 2 || !(sizeA > 0) || !(sizeB > 0)) return [null, count];
  let squares = 0;
  for (const [a, sizeOfA, b, sizeOfB] of found) {
    squares += ((a - (totalA / sizeA) * sizeOfA) / sizeA - (b - (totalB / sizeB) * sizeOfB) / sizeB) ** 2;
  }
  return [Math.sqrt((count / (count - 1)) * squares), count];
}

/**
 * The passages that both models read.
 * @param {Passage[] | null} first
 * @param {Passage[] | null} second
 * @returns {[Passage, Passage][]}
 */
function paired(first, second) {
  const others = new Map((second ?? []).map((passage) => [passage.passage, passage]));
  return (first ?? []).flatMap((passage) => {
    const other = others.get(passage.passage);
    return other ? [/** @type {[Passage, Passage]} */ ([passage, other])] : [];
  });
}

/**
 * @param {Grid} grid
 * @param {[number, number]} models
 * @param {(ours: [number, number], theirs: [number, number]) => number | null} act
 * @returns {Values} null where either has no such cell
 */
function over({ rows, columns }, [first, second], act) {
  return rows.labels.map((_, row) =>
    columns.labels.map((__, column) => {
      const places = [first, second].map((at) => [rows.places[at][row], columns.places[at][column]]);
      if (places.flat().includes(null)) return null;
      return act(.../** @type {[[number, number], [number, number]]} */ (places));
    }),
  );
}

/**
 * A share of the model's largest cell, which every passage has a part in.
 * @param {Passage[]} passages
 * @returns {Ratio}
 */
function shareOfLargest(passages) {
  const total = (/** @type {Passage} */ { taylor }, /** @type {number} */ row, /** @type {number} */ column) =>
    taylor[row][column] ?? NaN;
  let [top, left, most] = [0, 0, -Infinity];
  (passages[0]?.taylor ?? []).forEach((/** @type {number[]} */ line, /** @type {number} */ row) =>
    line.forEach((_, column) => {
      const sum = passages.reduce((all, passage) => all + total(passage, row, column), 0);
      if (sum > most) [top, left, most] = [row, column, sum];
    }),
  );
  return { total, size: (passage) => total(passage, top, left) };
}

/** Bits lost without a layer, over bytes; not every passage is read without layers. @returns {Ratio} */
function increase() {
  return { total: ({ increase }, row) => increase?.[row] ?? NaN, size: ({ bytes }) => bytes };
}

/**
 * Bits lost without a block by the passages of a cluster, over their bytes.
 * @param {0 | 1} half attention or MLP of a layer
 * @returns {Ratio}
 */
function without(half) {
  return {
    total: ({ cluster, increase, tokens }, row, layer) =>
      cluster === row ? (increase[2 * layer + half] * tokens) / Math.LN2 : NaN,
    size: ({ bytes }) => bytes,
  };
}
