/**
 * What the colours of the functional map mean: in how many categories a head has a relation, or how many
 * relations it has; both from light to dark.
 */

import { CATEGORIES } from "./words.js";

const SHADES = 64; // of a scale without classes

/** @typedef {import("../matrix/scales.js").Shared & {title: string, unit: string, direction: string}} Scale */

/**
 * @param {string} colour `categories` or `relations`
 * @param {number} highest relations of any head
 * @returns {Scale}
 */
export function scaleOf(colour, highest) {
  const byRelations = colour === "relations";
  return {
    kind: colour,
    title: byRelations ? "Number of relations" : "Number of categories",
    transform: byRelations ? "linear" : "whole",
    ...{ low: 1, high: highest, below: false, above: false, unit: "" },
    categories: CATEGORIES.map((_, at) => `${at + 1} ${at ? "categories" : "category"}`),
    direction: "more relations, of all categories in the first panel and of its own in each other",
  };
}

/**
 * @param {string[]} classes colours of 1, 2, 3 and 4 categories
 * @returns {Record<string, string[]>} by what colours mean
 */
export function palettesOf(classes) {
  return { categories: classes, relations: ramp(classes) };
}

/**
 * @param {string[]} colours `#rrggbb`
 * @returns {string[]} evenly from the first to the last
 */
function ramp(colours) {
  const bytes = colours.map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const last = colours.length - 1;
  return Array.from({ length: SHADES }, (_, at) => {
    const place = (at / (SHADES - 1)) * last;
    const from = Math.min(last - 1, Math.floor(place));
    const mixed = bytes[from].map((one, channel) => Math.round(one + (bytes[from + 1][channel] - one) * (place - from)));
    return `#${mixed.map((one) => one.toString(16).padStart(2, "0")).join("")}`;
  });
}
