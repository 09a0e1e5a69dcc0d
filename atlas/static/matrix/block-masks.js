/**
 * The same in `atlas/analyses/masks/choosing.py` and `atlas/site/figures/masks.py`, for the masks that
 * are published and the picture of them.
 *
 * Masks over the blocks of a model: which are pruned at a sparsity, and the order of topics in which
 * similar ones are neighbours.
 */

const LEAST = 1e-9; // what a reordering must gain to count: less is the noise of binary fractions

/**
 * How many blocks a sparsity prunes: the nearest whole number, halves upwards.
 * @param {number} sparsity share of all blocks
 * @param {number} blocks
 */
export function prunedCount(sparsity, blocks) {
  return Math.floor(sparsity * blocks + 0.5);
}

/**
 * Masks that prune the `count` cheapest blocks of every topic; of equal ones the first. A block that its
 * layer has not has no cost, and is neither kept nor pruned.
 * @param {(number | null)[][]} costs of every topic and block
 * @param {number} count
 * @returns {(number | null)[][]} 1 for kept, 0 for pruned
 */
export function cheapest(costs, count) {
  return costs.map((line) => {
    const cost = (/** @type {number} */ at) => line[at] ?? Infinity;
    const order = [...line.keys()].filter((at) => line[at] !== null).sort((a, b) => cost(a) - cost(b) || a - b);
    /** @type {(number | null)[]} */
    const mask = line.map((value) => (value === null ? null : 1));
    for (const block of order.slice(0, count)) mask[block] = 0;
    return mask;
  });
}

/**
 * How far topics lie apart: blocks that only one of two keeps; where that is the same for several,
 * the mean absolute difference of their deltas decides.
 * @param {(number | null)[][]} kept 1 or 0 of every topic and block, null for one that there is not
 * @param {(number | null)[][]} deltas of every topic and block
 * @returns {number[][]}
 */
export function distances(kept, deltas) {
  const blocks = kept[0]?.length ?? 0;
  const apart = deltas.map((one) => deltas.map((other) => total(one.map((value, at) => Math.abs((value ?? 0) - (other[at] ?? 0)))) / blocks));
  const most = Math.max(0, ...apart.flat());
  const share = most > 0 ? 0.5 / most : 0; // less than a block, so that it only breaks ties
  return kept.map((one, row) =>
    kept.map((other, at) => one.filter((value, block) => value !== other[block]).length + apart[row][at] * share),
  );
}

/** @param {number[]} values */
function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * A short path through all points: from every start to the nearest point not yet seen, then parts of
 * the path reversed as long as that shortens it; of all these the shortest. The end with the lower
 * number comes first; of paths of one length the first found is taken.
 * @param {number[][]} between distances
 * @returns {number[]}
 */
export function shortest(between) {
  /** @type {number[]} */
  let best = [];
  let least = Infinity;
  for (let start = 0; start < between.length; start += 1) {
    const path = turned(nearest(start, between), between);
    const length = path.slice(1).reduce((sum, to, at) => sum + between[path[at]][to], 0);
    if (length < least - LEAST) [best, least] = [path, length];
  }
  return best[0] > best[best.length - 1] ? best.reverse() : best;
}

/**
 * @param {number} start
 * @param {number[][]} between
 */
function nearest(start, between) {
  const path = [start];
  const left = new Set(between.keys());
  left.delete(start);
  while (left.size) {
    const here = between[path[path.length - 1]];
    const next = [...left].reduce((best, at) => (here[at] < here[best] ? at : best));
    path.push(next);
    left.delete(next);
  }
  return path;
}

/**
 * @param {number[]} path
 * @param {number[][]} between
 */
function turned(path, between) {
  const last = path.length - 1;
  for (let better = true; better; ) {
    better = false;
    for (let i = 0; i < last; i += 1) {
      for (let j = i + 1; j <= last; j += 1) {
        let gain = 0;
        if (i > 0) gain += between[path[i - 1]][path[i]] - between[path[i - 1]][path[j]];
        if (j < last) gain += between[path[j]][path[j + 1]] - between[path[i]][path[j + 1]];
        if (gain <= LEAST) continue;
        path.splice(i, j - i + 1, ...path.slice(i, j + 1).reverse());
        better = true;
      }
    }
  }
  return path;
}
