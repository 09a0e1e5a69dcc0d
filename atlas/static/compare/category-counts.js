/**
 * How many cells of each model have each category.
 */

import { swatch } from "./colour-key.js";
import { grouped, isWhole } from "../matrix/numbers.js";
import { header, made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Sheet} Sheet */

/**
 * Counts by panel, then by category.
 * @param {Sheet} sheet
 * @returns {number[][]} none where the sheet has no categories
 */
export function categoryCounts({ labels, shown }) {
  if (!labels.length) return [];
  return shown.map((lines) => {
    const counts = labels.map(() => 0);
    for (const line of lines) for (const value of line) if (value !== null) counts[value] += 1;
    return counts;
  });
}

/**
 * A row for each category, a column for each model.
 * @param {Sheet} sheet
 * @param {string[]} palette
 * @returns {HTMLElement[]} none where values are no categories
 */
export function countsTable(sheet, palette) {
  const { group, panels, labels, view } = sheet;
  if (view !== "values" || !isWhole(group.models[panels[0]].matrix)) return [];
  const counts = categoryCounts(sheet);
  const table = made("table", "atlas-values atlas-by-category");
  table.createTHead().insertRow().append(header(`${unitOf(sheet)} by category`), ...panels.map((at) => header(group.models[at].name)));
  const body = table.createTBody();
  labels.forEach((label, category) => {
    const name = header(label, "row");
    name.prepend(swatch(palette[category]));
    body.insertRow().append(name, ...counts.map((of) => made("td", "", grouped(of[category]))));
  });
  return [table];
}

/**
 * What the cells of a sheet are, in the plural.
 * @param {Sheet} sheet
 */
export function unitOf({ group: { grid } }) {
  return grid.columns.name === "head" ? "Heads" : "Cells";
}
