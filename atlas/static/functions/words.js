/**
 * What a head does, in the words and numbers of `functions.json`.
 */

import { interval, scoreName, shareOf, relationTitle } from "../matrix/chance.js";
import { number } from "../matrix/numbers.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {[number, number]} Head layer and head */

export const CATEGORIES = ["algorithmic", "knowledge", "linguistic", "translation"];

/**
 * @typedef {object} Score
 * @property {string} title of the relation
 * @property {boolean} down whether the head pushes the answers down
 * @property {number} value share of pairs
 * @property {number} low lower end of its interval
 * @property {number} high upper end
 * @property {number} most the largest chance of any head
 */

/**
 * The matrices of a profile by name; of scores only those at the k that the model's categories use.
 * @param {any} profile
 * @returns {Map<string, Matrix>}
 */
export function scoredMatrices({ matrices, conditions }) {
  const ks = [conditions.k, conditions.k_copying]; // no relation is scored at both
  return new Map(
    matrices
      .filter((/** @type {Matrix} */ { name }) => {
        const said = scoreName(name);
        return !said || ks.includes(said.k);
      })
      .map((/** @type {Matrix} */ matrix) => [matrix.name, matrix]),
  );
}

/**
 * The scores of a head above the threshold, the highest first.
 * @param {any} profile
 * @param {Map<string, Matrix>} matrices as `scoredMatrices` gives them
 * @param {Head} head
 * @returns {Score[]}
 */
export function scores(profile, matrices, [layer, head]) {
  const found = [];
  for (const [name, matrix] of matrices) {
    const said = scoreName(name);
    const value = said && matrix.values[layer][head];
    if (!said || value === null || value <= profile.protocol.threshold || !matrix.n) continue;
    const [low, high] = interval(shareOf(value, matrix.n), matrix.n);
    const most = profile.facts[`chance:${said.relation}@${said.k}`] ?? 0;
    found.push({ title: relationTitle(matrix), down: said.sign === "suppressive", value, low, high, most });
  }
  return found.sort((a, b) => b.value - a.value);
}

/**
 * A score with its interval, and chance where the interval reaches it.
 * @param {Score} score
 */
export function scoreText({ title, down, value, low, high, most }) {
  const sure = `${title}${down ? " (pushed down)" : ""} ${number(value)} (${number(low)} to ${number(high)})`;
  return low > most ? sure : `${sure}, chance up to ${number(most)}`;
}

/**
 * Relations of a head by category, in a line.
 * @param {Map<string, Matrix>} matrices
 * @param {Head} head
 */
export function categoryText(matrices, [layer, head]) {
  const has = CATEGORIES.map((name) => ({ name, count: matrices.get(`relations:${name}`)?.values[layer][head] ?? 0 }));
  const shown = has.filter(({ count }) => count);
  if (!shown.length) return "No relation above chance";
  const told = shown.map(({ name, count }) => `${count} ${name}`).join(", ");
  return `Relations above chance: ${told}`;
}
