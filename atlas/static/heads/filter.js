/**
 * Which heads fit, and in which order: plain loops over columns of bytes, fast enough to filter tens of
 * thousands of heads while somebody types.
 */

import { sides } from "./bundle.js";
import { MISSING, stepOf } from "../matrix/scales.js";

/** @typedef {import("./bundle.js").HeadBundle} HeadBundle */
/** @typedef {import("./bundle.js").Score} Score */
/**
 * @typedef {object} State what the page shows, as its address says it
 * @property {string} score
 * @property {string} from
 * @property {string} to
 * @property {string} category
 * @property {string} relation
 * @property {string} model a slug, `family:` and its name, or `real` or `reference` models
 * @property {string} depth quarter of the layers, 1 to 4
 * @property {string} across
 * @property {string} colour
 * @property {string} sort a score; with a minus before it, the lowest first; empty for the score that is chosen
 * @property {string[]} columns
 * @property {number} page from 1
 * @property {string} head
 */

/**
 * Heads that fit, as they are numbered.
 * @param {HeadBundle} bundle
 * @param {State} state
 * @param {{score: Uint8Array, classes: Uint8Array | null, planes: Uint8Array[]}} data
 * @returns {Int32Array}
 */
export function fitting(bundle, state, { score, classes, planes }) {
  const scale = /** @type {Score} */ (bundle.scores.get(state.score));
  const low = state.from.trim() === "" ? 0 : stepAt(scale, Number(state.from), true);
  const high = state.to.trim() === "" ? MISSING - 1 : stepAt(scale, Number(state.to), false);
  const allowed = models(bundle, state.model);
  const wanted = categories(bundle, state.category);
  const relation = bundle.relations.findIndex(({ name }) => name === state.relation);
  const quarter = Number(state.depth);
  const found = new Int32Array(bundle.count);
  let count = 0;
  for (let place = 0; place < bundle.models.length; place += 1) {
    if (!allowed[place]) continue;
    const { first, layers, heads } = bundle.models[place];
    for (let layer = 0; layer < layers; layer += 1) {
      if (quarter && Math.floor((layer * 4) / layers) + 1 !== quarter) continue;
      for (let at = first + layer * heads; at < first + (layer + 1) * heads; at += 1) {
        const step = score[at];
        if (step === MISSING || step < low || step > high) continue;
        if (wanted && !(classes && wanted[classes[at]])) continue;
        if (relation >= 0 && !sides(planes, at, relation).some(Boolean)) continue;
        found[count] = at;
        count += 1;
      }
    }
  }
  return found.slice(0, count);
}

/**
 * A limit as a step, so that a value that is shown as 0.15 is not below 0.15; no head fits a limit that
 * is beyond the scale or not a number.
 * @param {Score} scale
 * @param {number} value
 * @param {boolean} isLower
 */
function stepAt(scale, value, isLower) {
  if (Number.isNaN(value)) return isLower ? MISSING : -1;
  if (value > scale.high) return isLower ? MISSING : MISSING - 1;
  if (value < scale.low) return isLower ? 0 : scale.below ? 0 : -1;
  return stepOf(scale, value);
}

/**
 * @param {HeadBundle} bundle
 * @param {string} model
 * @returns {boolean[]}
 */
function models({ models }, model) {
  const family = model.startsWith("family:") ? model.slice(7) : null;
  if (model === "real" || model === "reference") return models.map(({ reference }) => reference === (model === "reference"));
  return models.map((one) => !model || one.slug === model || (family !== null && one.family === family));
}

/**
 * Which sets of categories are wanted, by their bits; null for all.
 * @param {HeadBundle} bundle
 * @param {string} category a name, `any`, `none` or `several`
 * @returns {boolean[] | null}
 */
function categories({ categories }, category) {
  if (!category) return null;
  const bit = 1 << categories.indexOf(category);
  const wanted = Array.from({ length: 256 }, (_, bits) => {
    if (category === "none") return bits === 0;
    if (category === "any") return bits !== 0;
    if (category === "several") return (bits & (bits - 1)) !== 0;
    return (bits & bit) !== 0;
  });
  wanted[MISSING] = false;
  return wanted;
}

/**
 * Heads in the order of a column, equal ones as they are numbered, those without a value last.
 * @param {Int32Array} heads in the order of their numbers
 * @param {Uint8Array} column
 * @param {boolean} ascending
 * @returns {Int32Array}
 */
export function sorted(heads, column, ascending) {
  const places = new Int32Array(257);
  const key = (/** @type {number} */ at) => {
    const step = column[at];
    return step === MISSING || ascending ? step : MISSING - 1 - step;
  };
  for (let at = 0; at < heads.length; at += 1) places[key(heads[at]) + 1] += 1;
  for (let at = 1; at < 257; at += 1) places[at] += places[at - 1];
  const out = new Int32Array(heads.length);
  for (let at = 0; at < heads.length; at += 1) {
    const step = key(heads[at]);
    out[places[step]] = heads[at];
    places[step] += 1;
  }
  return out;
}
