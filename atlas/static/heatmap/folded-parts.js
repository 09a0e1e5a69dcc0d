/**
 * The folded parts below a figure, filled when a reader opens them: the data table, how to read it,
 * and how its profile came to be.
 */

import { grouped, scalar } from "../matrix/numbers.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */
/** @typedef {Record<string, string | number | boolean | null>} Told */

/** @type {Promise<Record<string, string>> | undefined} */
let readings;

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
 * Fill a folded part, once.
 * @param {Heatmap} heatmap
 * @param {string} role reading or origin
 */
export async function unfold(heatmap, role) {
  const details = heatmap.part(role);
  if (details.childElementCount > 1) return;
  await heatmap.start();
  const told = role === "reading" ? [await reading(String(heatmap.element.dataset.figure))] : origin(heatmap.profile);
  if (details.childElementCount === 1) details.append(...told);
}

/**
 * How to read the figures of an analysis, from its docstring.
 * @param {string} analysis
 * @returns {Promise<HTMLElement>}
 */
async function reading(analysis) {
  readings ??= fetchJson(new URL("reading.json", import.meta.url)).catch((error) => {
    readings = undefined;
    throw error;
  });
  const told = made("p");
  told.innerHTML = (await readings)[analysis]; // the atlas' own text, escaped when it was written
  return told;
}

/**
 * Protocol, conditions and origin of a profile.
 * @param {any} profile as its JSON file has it
 * @returns {HTMLElement[]}
 */
function origin(profile) {
  const { source, revision, digest, tokenizer } = profile.model;
  return [
    pairs("Protocol: what must agree before two models are compared", { version: profile.version, ...profile.protocol }),
    pairs("Conditions: what was so, and forbids no comparison", profile.conditions),
    pairs("Model that was read", { source, revision, weights: digest, tokenizer }),
    pairs("Made by", profile.made_by),
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
