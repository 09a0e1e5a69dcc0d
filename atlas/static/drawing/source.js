/**
 * Where the values of a figure come from: sentences below it in files.
 */

import { grouped } from "../matrix/numbers.js";

/** Conditions that are counts, and what they count. */
const COUNTS = ["passages", "tokens"];

/**
 * On which text a profile was measured, if on any, and the file, version and weights that it is of.
 * @param {any} profile as its JSON file has it
 * @param {string} matrix its name
 * @returns {string[]}
 */
export function source({ analysis, version, model, conditions }, matrix) {
  const { corpus } = conditions;
  const counts = COUNTS.filter((name) => name in conditions).map((name) => `${grouped(conditions[name])} ${name}`);
  const text = corpus ? [`Measured on ${[corpus, ...counts].join(", ")}.`] : [];
  const weights = model.revision ? `revision ${model.revision.slice(0, 12)}` : String(model.digest).slice(0, 19);
  return [...text, `Source: Model Atlas, ${model.slug}/${analysis}.json, ${matrix}, method version ${version}; ${model.source}, ${weights}.`];
}
