/**
 * What stands behind a figure, shown when it is asked for: how to read it, and how its profile came
 * to be.
 */

import { fetchJson } from "../shell/bokeh.js";
import { grouped } from "../matrix/numbers.js";

/** @typedef {Record<string, string | number | boolean | null>} Told */

/** @type {Promise<Record<string, string>> | undefined} */
let readings;

/**
 * How to read the figures of an analysis, from its docstring.
 * @param {string} analysis
 * @returns {Promise<HTMLElement>}
 */
export async function reading(analysis) {
  readings ??= fetchJson(new URL("reading.json", import.meta.url)).catch((error) => {
    readings = undefined;
    throw error;
  });
  const told = document.createElement("p");
  told.innerHTML = (await readings)[analysis]; // the atlas' own text, escaped when it was written
  return told;
}

/**
 * Protocol, conditions and origin of a profile.
 * @param {any} profile as its JSON file has it
 * @returns {HTMLElement[]}
 */
export function origin(profile) {
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
  const made = document.createElement("div");
  made.className = "atlas-pairs";
  const heading = document.createElement("h3");
  heading.textContent = title;
  const list = document.createElement("dl");
  for (const [key, value] of Object.entries(values)) {
    const pair = document.createElement("div");
    pair.append(term("dt", key.replaceAll("_", " ")), term("dd", worded(key, value)));
    list.append(pair);
  }
  made.append(heading, list);
  return made;
}

/**
 * @param {string} tag
 * @param {string} text
 */
function term(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

/**
 * @param {string} key
 * @param {Told[string]} value
 */
function worded(key, value) {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (key.endsWith("_bytes")) return `${grouped(Math.round(value / 1e6))} MB`;
  return Number.isInteger(value) && key !== "seed" ? grouped(value) : String(value);
}
