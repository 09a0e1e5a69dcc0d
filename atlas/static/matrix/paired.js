/**
 * The same in `tests/support/comparison_reference.py`, which says what is meant.
 *
 * How sure a difference between two models is. Where sums of every passage are published, and both
 * read the same text, their passages are paired: what a passage adds to both cancels. Else each
 * model's own error counts, as if they had read different texts, which is far too wide.
 */

import { isWhole, SURELY } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {import("./align.js").Grid} Grid */
/** @typedef {import("./align.js").Values} Values */
/** @typedef {import("./contrast.js").Profile} Profile */
/** @typedef {{passage: number} & Record<string, any>} Passage as a part of a profile has it */
/** @typedef {{profile: Profile, matrix: Matrix, passages?: Passage[] | null}} Measured */
/** @typedef {{values: Values, passages: number}} Errors `passages` that were paired, 0 for none */
/**
 * What passages add to cells, which are ratios of sums: `totals` of every cell, a row of `width` after
 * the other, and `sizes`, a number a passage. NaN where a passage adds nothing.
 * @typedef {{totals: Float64Array[], width: number, sizes: Float64Array}} Ratio
 */

/**
 * Quantities that are ratios of published sums, by analysis; `part` is the file that has them.
 * @type {Record<string, {part: string, of: Record<string, (passages: Passage[]) => Ratio>}>}
 */
const PUBLISHED = {
  importance: { part: "passages", of: { taylor: shareOfLargest, block_increase: increase } },
  masks: { part: "losses", of: { "delta:attn": without(0), "delta:mlp": without(1) } },
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
  const pairs = paired(first.passages ?? null, second.passages ?? null);
  if (!pairs.length) {
    const values = over(grid, models, (ours, theirs) => unpaired(first.matrix, second.matrix, ours, theirs));
    return { values, passages: 0 };
  }
  const [one, other] = measured.map(ratioOf);
  let most = 0;
  const values = over(grid, models, (ours, theirs) => {
    const cells = [one, other].map(({ totals, width }, at) => totals[at ? theirs[0] * width + theirs[1] : ours[0] * width + ours[1]]);
    const [error, count] = pairedError(pairs, cells[0], one.sizes, cells[1], other.sizes);
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
 * @param {[number, number][]} pairs places of passages
 * @param {Float64Array} ours totals of the first model
 * @param {Float64Array} ourSizes
 * @param {Float64Array} theirs
 * @param {Float64Array} theirSizes
 * @returns {[number | null, number]} and how many passages count
 */
function pairedError(pairs, ours, ourSizes, theirs, theirSizes) {
  const counting = pairs.filter(([a, b]) => !Number.isNaN(ours[a] + ourSizes[a] + theirs[b] + theirSizes[b]));
  let [total, size, otherTotal, otherSize] = [0, 0, 0, 0];
  for (const [a, b] of counting) {
    total += ours[a];
    size += ourSizes[a];
    otherTotal += theirs[b];
    otherSize += theirSizes[b];
  }
  const count = counting.length;
  if (count < 2 || !(size > 0) || !(otherSize > 0)) return [null, count];
  const [ratio, otherRatio] = [total / size, otherTotal / otherSize];
  let squares = 0;
  for (const [a, b] of counting) {
    const apart = (ours[a] - ratio * ourSizes[a]) / size - (theirs[b] - otherRatio * theirSizes[b]) / otherSize;
    squares += apart ** 2;
  }
  return [Math.sqrt((count / (count - 1)) * squares), count];
}

/**
 * Where the passages that both models read stand in either list.
 * @param {Passage[] | null} first
 * @param {Passage[] | null} second
 * @returns {[number, number][]}
 */
function paired(first, second) {
  const others = new Map((second ?? []).map(({ passage }, at) => [passage, at]));
  return (first ?? []).flatMap(({ passage }, at) => {
    const other = others.get(passage);
    return other === undefined ? [] : [/** @type {[number, number]} */ ([at, other])];
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

/** What passages add, by part and matrix: read once, however often models are compared. @type {WeakMap<Passage[], Map<string, Ratio>>} */
const read = new WeakMap();

/**
 * @param {Measured} measured that has passages
 * @returns {Ratio}
 */
function ratioOf({ profile, matrix, passages }) {
  const part = passages ?? [];
  const known = read.get(part) ?? new Map();
  read.set(part, known);
  if (!known.has(matrix.name)) known.set(matrix.name, PUBLISHED[profile.analysis].of[matrix.name](part));
  return known.get(matrix.name);
}

/**
 * A share of the model's largest cell, which every passage has a part in.
 * @param {Passage[]} passages
 * @returns {Ratio}
 */
function shareOfLargest(passages) {
  const [rows, width] = [passages[0].taylor.length, passages[0].taylor[0].length];
  const totals = collected(passages, rows * width, ({ taylor }) => taylor.flat());
  const sums = totals.map((line) => line.reduce((all, one) => all + one, 0));
  const most = sums.reduce((best, sum, at) => (sum > sums[best] || Number.isNaN(sums[best]) ? at : best), 0);
  return { totals, width, sizes: totals[most] };
}

/**
 * Bits lost without a layer, over bytes; not every passage is read without layers.
 * @param {Passage[]} passages
 * @returns {Ratio}
 */
function increase(passages) {
  const layers = Math.max(...passages.map(({ increase }) => increase?.length ?? 0));
  return { totals: collected(passages, layers, ({ increase }) => increase ?? []), width: 1, sizes: bytes(passages) };
}

/**
 * Bits lost without a block by the passages of a cluster, over their bytes.
 * @param {0 | 1} half attention or MLP of a layer
 * @returns {(passages: Passage[]) => Ratio}
 */
function without(half) {
  return (passages) => {
    const width = passages[0].increase.length / 2;
    const clusters = 1 + Math.max(...passages.map(({ cluster }) => cluster));
    const totals = collected(passages, clusters * width, ({ cluster, increase, tokens }) => {
      const line = new Float64Array(clusters * width).fill(NaN);
      for (let layer = 0; layer < width; layer += 1) {
        line[cluster * width + layer] = (increase[2 * layer + half] * tokens) / Math.LN2;
      }
      return line;
    });
    return { totals, width, sizes: bytes(passages) };
  };
}

/**
 * A list of passages for every cell, from a list of cells for every passage.
 * @param {Passage[]} passages
 * @param {number} cells
 * @param {(passage: Passage) => ArrayLike<number | null>} of
 * @returns {Float64Array[]} NaN for what is missing
 */
function collected(passages, cells, of) {
  const found = Array.from({ length: cells }, () => new Float64Array(passages.length));
  passages.forEach((passage, at) => {
    const line = of(passage);
    for (let cell = 0; cell < cells; cell += 1) found[cell][at] = line[cell] ?? NaN;
  });
  return found;
}

/** @param {Passage[]} passages */
function bytes(passages) {
  return Float64Array.from(passages, (passage) => passage.bytes);
}
