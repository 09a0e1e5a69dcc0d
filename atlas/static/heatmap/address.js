/**
 * What a heatmap shows, in the page's address: quantity, scale, order, names, depth, and the pinned cell.
 */

import { addressOf, readView, unescaped, writeView } from "../shell/address.js";
import { fillControls } from "./controls.js";
import { openingOrder } from "../matrix/column-order.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

/**
 * Whether the address says what this figure shows.
 * @param {Heatmap} heatmap
 */
export function isInAddress(heatmap) {
  return readView()?.figure === name(heatmap);
}

/**
 * The name of a figure in the address: of its analysis, or where a page has several of one, its own.
 * @param {Heatmap} heatmap
 */
function name({ element: { dataset } }) {
  return String(dataset.key ?? dataset.figure);
}

/**
 * The cell that the page itself points out in a figure.
 * @param {Heatmap} heatmap
 * @returns {{row: string, column: string} | null} its labels as they are shown
 */
export function marked(heatmap) {
  const { row, column } = heatmap.element.dataset;
  return row !== undefined && column !== undefined ? turned(heatmap, { row, column }) : null;
}

/**
 * Labels of a cell as the file has them from those that are shown, or the other way: addresses and
 * other parts of the page name a head by its row and column in the file, whichever way it is drawn.
 * @param {Heatmap} heatmap
 * @param {{row: string, column: string}} labels
 */
export function turned(heatmap, { row, column }) {
  return heatmap.turned ? { row: column, column: row } : { row, column };
}

/**
 * @param {Heatmap} heatmap
 * @returns {import("../shell/address.js").View | null} null for what it opens with
 */
function view(heatmap) {
  const { cursor, matrix, element } = heatmap;
  const chosen = (/** @type {HTMLSelectElement} */ select) => (select.selectedIndex > 0 ? select.value : undefined);
  const order = heatmap.part("order").value;
  const more = {
    ...(cursor.pinned && turned(heatmap, cursor.pinned)),
    scale: chosen(heatmap.part("scale")),
    order: order === opening(heatmap) ? undefined : order,
    names: heatmap.native ? "native" : undefined,
    depth: heatmap.deep ? "1" : undefined,
    beside: heatmap.part("beside").checked ? undefined : "0",
  };
  const isOpening = matrix.name === element.dataset.first && Object.values(more).every((value) => value === undefined);
  return isOpening ? null : { figure: name(heatmap), matrix: matrix.name, ...more };
}

/**
 * Put what is shown into the address, and into the link to the comparison.
 * @param {Heatmap} heatmap
 * @param {boolean} again replaces the current entry of the history instead of adding one
 */
export function writeShown(heatmap, again) {
  writeView(view(heatmap), again);
  linkComparison(heatmap);
}

/**
 * The link to the comparison opens what is shown.
 * @param {Heatmap} heatmap
 */
function linkComparison(heatmap) {
  const link = /** @type {HTMLAnchorElement | null} */ (
    heatmap.element.closest(".atlas-section")?.querySelector('[data-role="compare"]')
  );
  if (!link) return;
  const query = new URL(link.href).searchParams;
  query.set("matrix", heatmap.matrix.name);
  query.delete("scale");
  const scale = view(heatmap)?.scale;
  if (scale) query.set("scale", scale);
  link.search = unescaped(`?${query}`);
}

/**
 * What this figure shows, to be linked to and cited.
 * @param {Heatmap} heatmap
 * @returns {import("../drawing/citing.js").Cited}
 */
export function cited(heatmap) {
  const { matrix, profile, element } = heatmap;
  const { source, revision, digest } = profile.model;
  const { figure, key, name: model } = element.dataset;
  return {
    title: `${matrix.title} of ${model}`,
    pinned: [`analysis ${figure}, version ${profile.version}`, source, revision && `revision ${revision}`, `weights ${digest}`].filter(Boolean),
    address: addressOf(view(heatmap) ?? { figure: name(heatmap), matrix: matrix.name }, String(key ?? figure)),
  };
}

/**
 * Show what the address says, or nothing pinned.
 * @param {Heatmap} heatmap
 */
export async function showAddressed(heatmap) {
  const said = readView();
  if (!said || !isInAddress(heatmap)) return heatmap.cursor.release();
  await heatmap.start();
  if (heatmap.gone.signal.aborted || !heatmap.matrices.has(said.matrix)) return;
  heatmap.part("matrix").value = said.matrix;
  fillControls(heatmap);
  choose(heatmap.part("scale"), said.scale);
  choose(heatmap.part("order"), said.order ?? opening(heatmap));
  for (const [role, isOn] of [["native", said.names === "native"], ["depth", said.depth === "1"], ["beside", said.beside !== "0"]]) {
    heatmap.part(String(role)).checked = isOn;
  }
  heatmap.keepOrder();
  const labels = turned(heatmap, { row: said.row ?? "", column: said.column ?? "" });
  heatmap.cursor.pinned = heatmap.cursor.placeOf(labels) && labels;
  heatmap.show();
  linkComparison(heatmap);
  heatmap.stage.scrollIntoView({ block: "nearest" });
}

/**
 * The order that a figure opens with.
 * @param {Heatmap} heatmap
 */
function opening({ element, matrix }) {
  return openingOrder(matrix, element.dataset.order);
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} [value] the first option where none has it
 */
function choose(select, value) {
  select.selectedIndex = Math.max(0, [...select.options].findIndex((option) => option.value === value));
}
