/**
 * Models whose tokenizers express other relations, or other pairs of one: counts are made again alike,
 * and scores that do not rest on the same pairs are marked.
 */

import { common, countsRelations, overlap, recounted, relationOf, restsOnPairs, SAME_PAIRS } from "../matrix/common-relations.js";
import { scoreName, relationTitle } from "../matrix/chance.js";
import { counted, number } from "../matrix/numbers.js";

/** @typedef {import("./scene.js").Model} Model */
/** @typedef {import("../matrix/common-relations.js").Common} Common */

/**
 * Make the matrices of models comparable, as far as that is possible; the baseline comes first.
 * @param {Model[]} models
 * @returns {string[]} what was done, or why it was not
 */
export function makeAlike(models) {
  const [base, ...others] = models;
  const fitting = others.filter((model) => !model.obstacles.length);
  if (!base || !fitting.length || !restsOnPairs(base.profile, base.matrix.name)) return [];
  if (countsRelations(base.matrix.name)) return countAlike([base, ...fitting]);
  const relation = relationOf(base.matrix.name);
  return relation === null ? [] : fitting.flatMap((model) => markPairs(base, model, relation));
}

/**
 * @param {Model[]} models
 * @returns {string[]}
 */
function countAlike(models) {
  const [base, ...others] = models;
  const shared = common(models);
  if (!shared.needed) return told(models, shared, "");
  if (!shared.relations.length || models.some(({ pairs }) => !pairs)) {
    for (const model of others) model.obstacles = [differing(base, model)];
    const why = shared.relations.length ? "a file of word pairs could not be read" : "there is no relation that all of them can express";
    return [`These counts rest on different relations, or on a different k, and cannot be recounted in the same way: ${why}.`];
  }
  for (const model of models) model.matrix = recounted(measured(model), model.matrix, shared);
  const left = shared.left.length ? `; left out, because some model cannot express them: ${titles(models, shared.left)}` : "";
  const done =
    `Recounted in the same way for every model: at k = ${shared.k} (copying ${shared.copying}), ` +
    `over the ${counted(shared.relations.length, "relation")} that all can express${left}.`;
  return told(models, shared, done);
}

/**
 * @param {Model[]} models
 * @param {Common} shared
 * @param {string} done
 * @returns {string[]} with the relations that are not measured on the same pairs
 */
function told([base, ...others], shared, done) {
  const apart = (/** @type {string} */ one) => others.some((model) => below(base, model, one) !== null);
  const named = shared.relations.filter(apart);
  const pairs = named.length ? [`Measured on different word pairs (fewer than ${SAME_PAIRS * 100}% in common): ${titles([base], named)}.`] : [];
  return [...(done ? [done] : []), ...pairs];
}

/**
 * @param {Model} base
 * @param {Model} model
 * @param {string} relation
 * @returns {string[]}
 */
function markPairs(base, model, relation) {
  const share = below(base, model, relation);
  if (share === null) return [];
  model.mark = "different word pairs";
  return [
    `${model.name} and ${base.name} were measured on different word pairs: of all pairs that either can express, ` +
      `both can express ${number(share * 100)}% (fewer than ${SAME_PAIRS * 100}%).`,
  ];
}

/**
 * The overlap of two models' pairs where it is too small; null else, and where it cannot be known.
 * @param {Model} base
 * @param {Model} model
 * @param {string} relation
 */
function below(base, model, relation) {
  if (!base.pairs || !model.pairs) return null;
  const share = overlap(base.pairs, model.pairs, relation);
  return share < SAME_PAIRS ? share : null;
}

/**
 * What the counts of two models rest on.
 * @param {Model} base
 * @param {Model} model
 * @returns {import("../matrix/contrast.js").Differs}
 */
function differing(base, model) {
  const said = (/** @type {Model} */ { profile: { conditions, facts } }) =>
    `${facts?.measurable ?? "?"} relations at k = ${conditions.k}`;
  return { what: "what is counted", first: said(base), second: said(model) };
}

/**
 * @param {Model} model
 * @returns {import("../matrix/common-relations.js").Measured}
 */
function measured({ profile, pairs }) {
  return { profile, pairs: pairs ?? [] };
}

/**
 * Relations by their titles.
 * @param {Model[]} models
 * @param {string[]} relations
 */
function titles(models, relations) {
  const scores = models.flatMap(({ profile }) => profile.matrices).filter(({ name }) => scoreName(name));
  const known = new Map(scores.map((one) => [scoreName(one.name)?.relation, relationTitle(one)]));
  return relations.map((name) => known.get(name) ?? name).join(", ");
}
