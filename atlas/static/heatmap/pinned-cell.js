/**
 * The pinned cell of a figure, in the page's address.
 */

import { readPin, writePin } from "../shell/address.js";
import { fillControls } from "./controls.js";
import { openingOrder } from "../matrix/column-order.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

/**
 * Whether the address names a cell of this figure.
 * @param {Heatmap} heatmap
 */
export function isInAddress(heatmap) {
  return readPin()?.figure === name(heatmap);
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
 * Put the pinned cell into the address, or remove it.
 * @param {Heatmap} heatmap
 * @param {boolean} again replaces the current entry of the history instead of adding one
 */
export function writePinned(heatmap, again) {
  const { pinned } = heatmap.cursor;
  if (!pinned) return writePin(null, again);
  const chosen = (/** @type {HTMLSelectElement} */ select) => (select.selectedIndex > 0 ? select.value : undefined);
  const order = heatmap.part("order").value;
  writePin(
    {
      figure: name(heatmap),
      matrix: heatmap.matrix.name,
      ...turned(heatmap, pinned),
      scale: chosen(heatmap.part("scale")),
      order: order === opening(heatmap) ? undefined : order,
    },
    again,
  );
}

/**
 * Show what the address names: a cell, its matrix, scale and order; or nothing pinned.
 * @param {Heatmap} heatmap
 */
export async function showPinned(heatmap) {
  const pin = readPin();
  if (!pin || !isInAddress(heatmap)) return heatmap.cursor.release();
  await heatmap.start();
  if (heatmap.gone.signal.aborted || !heatmap.matrices.has(pin.matrix)) return;
  heatmap.part("matrix").value = pin.matrix;
  fillControls(heatmap);
  choose(heatmap.part("scale"), pin.scale);
  choose(heatmap.part("order"), pin.order ?? opening(heatmap));
  heatmap.keepOrder();
  const labels = turned(heatmap, pin);
  heatmap.cursor.pinned = heatmap.cursor.placeOf(labels) && labels;
  heatmap.show();
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
