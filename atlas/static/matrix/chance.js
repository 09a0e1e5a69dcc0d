/**
 * The same in `atlas/profiles/shares.py`, which says how sure a share is.
 *
 * How far a share of pairs can be trusted: its 95% interval, and what chance would give. Shown where
 * a score is shown.
 */

import { number } from "./numbers.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */

const Z = 1.959963984540054;
const NAMED = /^(score|suppressive):([a-z][a-z0-9-]*)@(\d+)$/;

/**
 * The 95% interval of a share (Wilson 1927).
 * @param {number} share
 * @param {number} count observations
 * @returns {[number, number]} its lower and upper end
 */
export function interval(share, count) {
  const middle = share + (Z * Z) / (2 * count);
  const spread = Z * Math.sqrt((share * (1 - share)) / count + (Z / (2 * count)) ** 2);
  const scale = 1 + (Z * Z) / count;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}

/**
 * The share of so many observations that was published with a few decimals: what is computed of the
 * rounded one differs in its last digit from what was measured.
 * @param {number} published
 * @param {number} count
 */
export function shareOf(published, count) {
  return Math.round(published * count) / count;
}

/**
 * Half the width of a share's 68% interval: a standard error that is not 0 at 0 and 1.
 * @param {number} share
 * @param {number} count
 */
export function shareSpread(share, count) {
  return Math.sqrt((share * (1 - share)) / count + 1 / (4 * count ** 2)) / (1 + 1 / count);
}

/**
 * A profile whose shares have their spread as an array, where its file has the word for it.
 * @template {{matrices: Matrix[]}} Profile
 * @param {Profile} profile
 * @returns {Profile}
 */
export function withSpread(profile) {
  for (const matrix of profile.matrices) {
    const { n, estimate } = matrix;
    if (estimate !== "wilson" || !n) continue;
    matrix.spread = matrix.values.map((line) => line.map((share) => (share === null ? null : shareSpread(share, n))));
  }
  return profile;
}

/**
 * The parts of the name of a matrix of scores.
 * @param {string} name `score:capital@10`
 * @returns {{sign: string, relation: string, k: number} | null} null for any other matrix
 */
export function scoreName(name) {
  const said = NAMED.exec(name);
  return said && { sign: said[1], relation: said[2], k: Number(said[3]) };
}

/**
 * The title of a matrix' relation, without what was counted of it.
 * @param {Matrix} matrix
 */
export function relationTitle({ title }) {
  return title.slice(0, title.lastIndexOf(":"));
}

/**
 * A share's interval and chance in words, for a matrix of scores; empty for any other.
 * @param {any} profile
 * @param {Matrix} matrix
 * @param {number | null} value
 * @returns {string[]}
 */
export function chanceNotes(profile, matrix, value) {
  const said = scoreName(matrix.name);
  if (!said || value === null || !matrix.n) return [];
  const [low, high] = interval(shareOf(value, matrix.n), matrix.n);
  const told = [`95% interval ${number(low)} to ${number(high)}, of ${matrix.n} pairs`];
  const most = profile.facts?.[`chance:${said.relation}@${said.k}`];
  if (typeof most !== "number") return told;
  const near = value > profile.protocol.threshold && low <= most;
  return [...told, `chance at most ${number(most)} in any head${near ? ": the interval reaches it" : ""}`];
}
