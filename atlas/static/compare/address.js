/**
 * What a reader has chosen to compare, and the query of the address that says it.
 */

import { readable, said } from "../shell/address.js";

/** @typedef {"values"|"difference"|"ratio"} View */
/** @typedef {import("../matrix/align.js").By} By */
/**
 * @typedef {object} Wish
 * @property {string[]} models slugs, the baseline first
 * @property {string} analysis empty for the first that fits, as is the next
 * @property {string} matrix
 * @property {View} view
 * @property {By} by
 * @property {string} scale empty for the one that the matrix asks for
 * @property {boolean} shared only rows and columns that all models have
 * @property {[string, string]|null} cell labels of the row and the column that are pinned
 */

/** @returns {Wish} what the address says; what it does not, or what is not understood, is as it is at first */
export function read() {
  const found = said();
  const view = found.get("view");
  const [row, column] = [found.get("row"), found.get("column")];
  const slugs = (found.get("models") ?? "").split(",").map((slug) => slug.trim());
  return {
    models: [...new Set(slugs.filter(Boolean))],
    analysis: found.get("analysis") ?? "",
    matrix: found.get("matrix") ?? "",
    view: view === "difference" || view === "ratio" ? view : "values",
    by: found.get("by") === "depth" ? "depth" : "layer",
    scale: found.get("scale") ?? "",
    shared: found.get("shared") === "1",
    cell: row !== null && column !== null ? [row, column] : null,
  };
}

/**
 * @param {Wish} wish
 * @returns {string} the query, beginning with its question mark
 */
export function written(wish) {
  /** @type {[string, string][]} */
  const parts = [["models", wish.models.join(",")]];
  if (wish.analysis) parts.push(["analysis", wish.analysis]);
  if (wish.matrix) parts.push(["matrix", wish.matrix]);
  if (wish.view !== "values") parts.push(["view", wish.view]);
  if (wish.by !== "layer") parts.push(["by", wish.by]);
  if (wish.scale) parts.push(["scale", wish.scale]);
  if (wish.shared) parts.push(["shared", "1"]);
  if (wish.cell) parts.push(["row", wish.cell[0]], ["column", wish.cell[1]]);
  return readable(`?${parts.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`);
}
