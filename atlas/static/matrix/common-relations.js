/**
 * The same in `atlas/profiles/common_relations.py`, which says what is meant.
 *
 * Counts and categories of relations made again, so that two models are counted in the same way: at one
 * k, over the relations that both can express.
 */

import { interval, scoreName, shareOf } from "./chance.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {import("./contrast.js").Profile} Profile */
/**
 * An item of `functions.pairs.json`: ids of the pairs that can be measured, and by matrix the chance of
 * what is above the threshold, [layer, head, chance].
 * @typedef {{relation: string, category: string, ids: number[], chance: Record<string, [number, number, number][]>}} Pairs
 */
/** @typedef {{profile: Profile, pairs: Pairs[]}} Measured */
/** @typedef {{k: number, copying: number, relations: string[], left: string[], needed: boolean}} Common */

const COUNT = /^(?:(relations)(?::([a-z]+))?|(categories)(:maps)?)$/;
const SIGNS = ["score", "suppressive"];
const SCORE = /^(?:folded_)?(?:score|suppressive):([a-z][a-z0-9-]*)@\d+$/;

/** Pairs of both models over pairs of either, below which a relation is not measured on the same pairs. */
export const SAME_PAIRS = 0.8;

/**
 * Whether a matrix counts relations, or says what they are.
 * @param {string} name
 */
export function countsRelations(name) {
  return COUNT.test(name);
}

/**
 * The smallest k at which any of the models is judged, and the relations that all can express.
 * @param {{profile: Profile}[]} several
 * @returns {Common} with `left`, what some of them cannot; `needed` where not all are counted so already
 */
export function common(several) {
  const judged = (/** @type {string} */ key) => several.map(({ profile }) => Number(profile.conditions[key]));
  const [k, copying] = [Math.min(...judged("k")), Math.min(...judged("k_copying"))];
  const able = several.map(({ profile }) => new Set(profile.matrices.flatMap(({ name }) => scoreName(name)?.relation ?? [])));
  const all = [...new Set(able.flatMap((each) => [...each]))];
  const relations = all.filter((one) => able.every((each) => each.has(one)));
  const left = all.filter((one) => !relations.includes(one) && able.some((each) => each.has(one)));
  const alike = judged("k").every((one) => one === k) && judged("k_copying").every((one) => one === copying);
  return { k, copying, relations, left, needed: left.length > 0 || !alike };
}

/**
 * A matrix of counts or categories of one model, made again.
 * @param {Measured} model
 * @param {Matrix} matrix `relations`, `relations:knowledge`, `categories`, `categories:maps`
 * @param {Common} shared
 * @returns {Matrix}
 */
export function recounted({ profile, pairs }, matrix, shared) {
  const [, counted, only, , maps] = COUNT.exec(matrix.name) ?? [];
  const named = new Map(profile.matrices.map((one) => [one.name, one]));
  const chosen = pairs.filter(({ relation }) => shared.relations.includes(relation));
  const categories = [...new Set(pairs.map(({ category }) => category))];
  const has = new Map(categories.map((name) => [name, matrix.values.map((line) => line.map(() => 0))]));
  for (const one of chosen) {
    const found = held(one, named, shared, Number(profile.protocol.threshold), Boolean(maps));
    for (const [row, column] of found) /** @type {number[][]} */ (has.get(one.category))[row][column] += 1;
  }
  const cell = (/** @type {number} */ row, /** @type {number} */ column) => {
    const counts = categories.map((name) => /** @type {number[][]} */ (has.get(name))[row][column]);
    if (!counted) return code(counts);
    return only ? counts[categories.indexOf(only)] : counts.reduce((sum, count) => sum + count, 0);
  };
  return { ...matrix, values: matrix.values.map((line, row) => line.map((_, column) => cell(row, column))) };
}

/**
 * The cells of heads that have a relation.
 * @param {Pairs} one
 * @param {Map<string, Matrix>} named
 * @param {Common} shared
 * @param {number} threshold
 * @param {boolean} maps whether being above the threshold is enough
 * @returns {[number, number][]}
 */
function held({ relation, chance }, named, { k, copying }, threshold, maps) {
  /** @type {Map<string, [number, number]>} */
  const found = new Map();
  for (const sign of SIGNS) {
    const of = (/** @type {number} */ at) => named.get(`${sign}:${relation}@${at}`);
    const matrix = of(k) ?? of(copying);
    const count = matrix?.n;
    if (!matrix || !count) continue;
    const chances = new Map((chance[matrix.name] ?? []).map(([layer, head, value]) => [`${layer} ${head}`, value]));
    matrix.values.forEach((line, row) =>
      line.forEach((value, column) => {
        const share = shareOf(Number(value), count);
        const least = maps ? -1 : chances.get(`${row} ${column}`);
        const above = share > threshold && least !== undefined && interval(share, count)[0] > least;
        if (above) found.set(`${row} ${column}`, [row, column]);
      }),
    );
  }
  return [...found.values()];
}

/**
 * The code of `categories`: 0 for none, the category's place from 1, or from 5 on how many.
 * @param {number[]} counts relations of each category
 */
function code(counts) {
  const many = counts.filter((count) => count > 0).length;
  return many > 1 ? counts.length + many - 1 : counts.findIndex((count) => count > 0) + 1;
}

/**
 * What share of the pairs that either of two models can express both can: their overlap (Jaccard 1912).
 * @param {Pairs[]} ours
 * @param {Pairs[]} theirs
 * @param {string} relation
 * @returns {number}
 */
export function overlap(ours, theirs, relation) {
  const [first, second] = [ours, theirs].map((pairs) => new Set(pairs.find((one) => one.relation === relation)?.ids));
  const both = [...first].filter((id) => second.has(id)).length;
  return both / Math.max(1, first.size + second.size - both);
}

/**
 * The relation that a matrix of scores is about, folded or not; null for any other matrix.
 * @param {string} name
 */
export function relationOf(name) {
  return SCORE.exec(name)?.[1] ?? null;
}

/**
 * Whether a quantity of a profile rests on pairs of relations.
 * @param {Profile} profile
 * @param {string} name of the quantity
 */
export function restsOnPairs({ conditions }, name) {
  return "k" in conditions && (countsRelations(name) || relationOf(name) !== null);
}
