/**
 * What a reader has chosen to compare, and how the address says it.
 */

import { unescaped, readQuery } from "../shell/address.js";

/** @typedef {"values"|"difference"|"ratio"} View */
/** @typedef {import("../matrix/align.js").By} By */
/**
 * @typedef {object} Wish
 * @property {string[]} models slugs, the baseline first
 * @property {boolean} [withNearest] a single model takes along the model that is nearest to it
 * @property {string} analysis empty for the first that fits, as is the next
 * @property {string} matrix
 * @property {View | ""} view empty for the one that suits the models, as is the next
 * @property {By | ""} by
 * @property {string} scale empty for the one that the matrix asks for
 * @property {boolean} shared only rows and columns that all models have
 * @property {[string, string]|null} cell labels of the row and the column that are pinned
 */

/** @type {readonly (View | "")[]} */
const VIEWS = ["values", "difference", "ratio"];
/** @type {readonly (By | "")[]} */
const WAYS = ["layer", "depth"];

/** @returns {Wish} what the address says, with defaults for what is missing or not understood */
export function read() {
  const found = readQuery();
  const [row, column] = [found.get("row"), found.get("column")];
  const slugs = (found.get("models") ?? "").split(",").map((slug) => slug.trim());
  return {
    models: [...new Set(slugs.filter(Boolean))],
    withNearest: found.get("with") === "nearest",
    analysis: found.get("analysis") ?? "",
    matrix: found.get("matrix") ?? "",
    view: VIEWS.find((view) => view === found.get("view")) ?? "",
    by: WAYS.find((by) => by === found.get("by")) ?? "",
    scale: found.get("scale") ?? "",
    shared: found.get("shared") === "1",
    cell: row !== null && column !== null ? [row, column] : null,
  };
}

/**
 * @param {Wish} wish
 * @returns {string} the query, beginning with its question mark
 */
export function toQuery(wish) {
  /** @type {[string, string][]} */
  const parts = [["models", wish.models.join(",")]];
  if (wish.analysis) parts.push(["analysis", wish.analysis]);
  if (wish.matrix) parts.push(["matrix", wish.matrix]);
  if (wish.view) parts.push(["view", wish.view]);
  if (wish.by) parts.push(["by", wish.by]);
  if (wish.scale) parts.push(["scale", wish.scale]);
  if (wish.shared) parts.push(["shared", "1"]);
  if (wish.cell) parts.push(["row", wish.cell[0]], ["column", wish.cell[1]]);
  return unescaped(`?${parts.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`);
}
