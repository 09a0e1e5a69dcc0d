/**
 * The folded parts below a figure, filled when a reader opens them: the data table, how to read what is
 * shown, and how its profile came to be.
 */

import { grouped, number, scalar } from "../matrix/numbers.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */
/** @typedef {Record<string, string | number | boolean | null>} Told */

/** @typedef {{reading: string, quantities: Record<string, string>}} Explained of an analysis, as HTML */
/** @typedef {{models: number, only: string, reference: boolean, values: number[]}} Usual of a matrix */
/** @typedef {Record<string, Explained>} Explanations by analysis */
/** @typedef {Record<string, Record<string, Usual>>} UsualValues by analysis and matrix */

/** @type {Promise<[Explanations, UsualValues]> | undefined} */
let explanations;

/**
 * The data table of what is shown, where it is open.
 * @param {Heatmap} heatmap
 */
export async function fillTable(heatmap) {
  const { table } = await import("./data-table.js");
  const details = heatmap.part("table");
  details.querySelector(".atlas-scroll")?.remove();
  if (details.open) details.append(table(heatmap.shown));
}

/**
 * Fill a folded part: how to read what is shown now, or how its profile came to be.
 * @param {Heatmap} heatmap
 * @param {string} role reading or origin
 */
export async function unfold(heatmap, role) {
  const details = heatmap.part(role);
  if (!details.open) return;
  await heatmap.start();
  const told = role === "reading" ? await reading(heatmap) : origin(heatmap.profile);
  for (const old of [...details.children].slice(1)) old.remove();
  details.append(...told);
}

/**
 * What the chosen quantity is and which values it usually has, then how to read all figures of its
 * analysis; from the analysis' docstring, and the models of this atlas.
 * @param {Heatmap} heatmap
 * @returns {Promise<HTMLElement[]>}
 */
async function reading(heatmap) {
  explanations ??= Promise.all([fetchAsset("reading.json"), fetchAsset("usual.json")]).catch((error) => {
    explanations = undefined;
    throw error;
  });
  const [explained, usual] = await explanations;
  const { analysis } = heatmap.profile;
  const { name } = heatmap.matrix;
  const { reading: all, quantities } = explained[analysis];
  const [own, general] = [made("div", "atlas-reading"), made("p")];
  own.innerHTML = quantities[name.split(":")[0]] ?? ""; // the atlas' own text, escaped when it was written
  general.innerHTML = all;
  const values = usual[analysis]?.[name];
  return [own, ...(values ? [made("p", "atlas-usual", usualValues(values, heatmap.matrix))] : []), general];
}

/** @param {string} name of a file beside the scripts */
function fetchAsset(name) {
  return fetchJson(new URL(name, import.meta.url));
}

/**
 * `Usual values: in the 4 real models measured for this atlas, 90% of all values lie between ...`
 * @param {Usual} usual
 * @param {import("../matrix/numbers.js").Matrix} matrix
 */
export function usualValues({ models, only, reference, values }, matrix) {
  const kind = reference ? "reference model" : "real model";
  const those = only ? `${only}, the only ${kind} measured so far,` : `the ${models} ${kind}s measured so far,`;
  const [low, middle, high] = values.map(number);
  const hasNorms = matrix.columns.some((label) => label.startsWith("norm."));
  const range = low === high ? `nearly all values are ${low}` : `90% of all values lie between ${low} and ${high}`;
  return `Usual values: in ${those} ${range}; the median is ${middle}${hasNorms ? ", norms left out" : ""}.`;
}

/**
 * Protocol, conditions and origin of a profile.
 * @param {any} profile as its JSON file has it
 * @returns {HTMLElement[]}
 */
function origin(profile) {
  const { source, revision, digest, tokenizer } = profile.model;
  return [
    pairs("Protocol: must agree before two models are compared", { version: profile.version, ...profile.protocol }),
    pairs("Conditions: may differ between models that are compared", profile.conditions),
    pairs("Model measured", { source, revision, weights: digest, tokenizer }),
    pairs("Measured with", profile.made_by),
  ];
}

/**
 * @param {string} title
 * @param {Told} values
 */
function pairs(title, values) {
  const list = made("dl");
  for (const [key, value] of Object.entries(values)) {
    const pair = made("div");
    pair.append(made("dt", "", key.replaceAll("_", " ")), made("dd", "", worded(key, value)));
    list.append(pair);
  }
  const whole = made("div", "atlas-pairs");
  whole.append(made("h3", "", title), list);
  return whole;
}

/**
 * @param {string} key
 * @param {Told[string]} value
 */
function worded(key, value) {
  if (key === "peak_bytes" && typeof value === "number") return `${grouped(Math.round(value / 1e6))} MB`;
  return key === "seed" ? String(value) : scalar(value);
}
