/**
 * What is compared where the address leaves it open.
 */

import { isWhole } from "../matrix/numbers.js";

/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("./address.js").View} View */
/** @typedef {import("./chooser.js").Listed} Listed */

/** What was made from a model, at most so many of it at once. */
const NEAREST = 3;

/**
 * A wish with its models and its analysis: the analysis that most of the models have, of all models
 * where none is named; and without an address the two that the page opens with, else the first two of
 * those that have the analysis.
 * @param {Wish} wish
 * @param {Map<string, Listed>} models
 * @param {string[]} offered analyses
 * @param {string[]} opening the models that the page opens with
 * @returns {Wish}
 */
export function filledIn(wish, models, offered, opening) {
  const isOpen = !wish.models.length && !location.search;
  const named = isOpen ? opening : wish.models;
  const all = (/** @type {string} */ analysis) =>
    [...models.values()].filter(({ fresh, stale }) => fresh.has(analysis) || stale.has(analysis));
  const having = (/** @type {string} */ analysis) => all(analysis).filter(({ slug }) => !named.length || named.includes(slug));
  const counts = offered.map((name) => having(name).length);
  const common = offered[counts.indexOf(Math.max(...counts))] ?? "";
  const analysis = offered.includes(wish.analysis) ? wish.analysis : common;
  const chosen = wish.withNearest ? withNearest(wish.models, all(analysis), models, opening) : wish.models;
  if (!isOpen) return { ...wish, analysis, models: chosen, withNearest: false }; // once: who is taken out stays out
  return { ...wish, analysis, models: opening.length ? opening : having(analysis).slice(0, 2).map(({ slug }) => slug) };
}

/**
 * A model with its base, else with what was made from it, else with one of its family, else with one
 * of those that the page opens with, else with the first that there is; a base stands first. Several models stay alone.
 * @param {string[]} slugs
 * @param {Listed[]} having models with the analysis
 * @param {Map<string, Listed>} models
 * @param {string[]} opening the models that the page opens with
 */
function withNearest(slugs, having, models, opening) {
  const model = models.get(slugs[0]);
  if (slugs.length !== 1 || !model) return slugs;
  const others = having.filter(({ slug }) => slug !== model.slug);
  if (others.some(({ slug }) => slug === model.base)) return [model.base, model.slug];
  const made = others.filter(({ base }) => base === model.slug).slice(0, NEAREST);
  const kin = others.find(({ family }) => family === model.family) ?? others.find(({ slug }) => opening.includes(slug));
  const near = made.length ? made : [kin ?? others[0]].filter(Boolean);
  return [model.slug, ...near.map(({ slug }) => slug)];
}

/**
 * How models are shown where the reader has not said: what was made from the baseline as a difference
 * from it, other models side by side.
 * @param {string[]} slugs
 * @param {Map<string, Listed>} models
 * @returns {View}
 */
export function openingView([first, ...others], models) {
  return others.length && others.every((slug) => models.get(slug)?.base === first) ? "difference" : "values";
}

/**
 * The quantity that is shown where the one that is asked for is none of the models': the first one, of
 * a difference the first that is a number.
 * @param {import("./scene.js").Chosen[]} chosen
 * @param {string} asked
 * @param {View} view
 */
export function quantityOf(chosen, asked, view) {
  const matrices = chosen.flatMap(({ profile }) => profile?.matrices ?? []);
  if (matrices.some(({ name }) => name === asked)) return asked;
  const numbers = view === "values" ? undefined : matrices.find((one) => !isWhole(one));
  return (numbers ?? matrices[0])?.name ?? "";
}
