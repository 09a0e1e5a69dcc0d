/**
 * Where the numbers of a model's figure come from, for its title and its caption.
 */

import { grouped } from "../matrix/numbers.js";
import { siteName } from "../shell/atlas-told.js";

const DIGITS = 23; // of a digest with its "sha256:", enough to tell weights apart

/** The model whose page is shown, by its name. */
export function modelName() {
  return document.querySelector("h1")?.textContent?.trim() ?? "";
}

/**
 * @param {any} profile an analysis' file as it is fetched
 * @returns {string} a sentence
 */
export function source({ analysis, version, model }) {
  const which = model.revision ? `revision ${model.revision}` : `digest ${model.digest.slice(0, DIGITS)}`;
  return `Source: ${siteName()}, ${model.slug}/${analysis}.json, version ${version} of the analysis; weights of ${named(model.source)}, ${which}.`;
}

/** A repository's name, or the name of a file that weights were read from. @param {string} place */
function named(place) {
  return place.startsWith("./") ? place.slice(place.lastIndexOf("/") + 1) : place;
}

/**
 * @param {any} profile
 * @returns {string[]} on which text it was measured, a sentence; none where it was on none
 */
export function measuredOn({ conditions }) {
  const counts = ["passages", "tokens"].filter((name) => name in conditions);
  const told = counts.map((name) => `${grouped(conditions[name])} ${name}`);
  return conditions.corpus ? [`Measured on ${[conditions.corpus, ...told].join(", ")}.`] : [];
}
