/**
 * The pinned cell of a figure: into the page's address, and back from it.
 */

import { readPin, writePin } from "../shell/address.js";
import { offer } from "./controls.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

/**
 * Whether the address has a cell of this figure.
 * @param {Heatmap} heatmap
 */
export function isNamed({ element }) {
  return readPin()?.figure === element.dataset.figure;
}

/**
 * The pinned cell into the address, or out of it.
 * @param {Heatmap} heatmap
 * @param {boolean} again without a new entry in the history
 */
export function remember(heatmap, again) {
  const { pinned } = heatmap.cursor;
  if (!pinned) return writePin(null, again);
  const chosen = (/** @type {HTMLSelectElement} */ select) => (select.selectedIndex > 0 ? select.value : undefined);
  const order = heatmap.part("order").value;
  writePin(
    {
      figure: String(heatmap.element.dataset.figure),
      matrix: heatmap.matrix.name,
      ...pinned,
      scale: chosen(heatmap.part("scale")),
      order: order === opening(heatmap) ? undefined : order,
    },
    again,
  );
}

/**
 * Show what the address says: a cell, its matrix, scale and order; or no pin.
 * @param {Heatmap} heatmap
 */
export async function recall(heatmap) {
  const pin = readPin();
  if (!pin || !isNamed(heatmap)) return heatmap.cursor.release();
  await heatmap.start();
  if (heatmap.gone.signal.aborted || !heatmap.matrices.has(pin.matrix)) return;
  heatmap.part("matrix").value = pin.matrix;
  offer(heatmap);
  choose(heatmap.part("scale"), pin.scale);
  choose(heatmap.part("order"), pin.order ?? opening(heatmap));
  const { rows, columns } = heatmap.shown;
  const isThere = rows.includes(pin.row) && columns.includes(pin.column);
  heatmap.cursor.pinned = isThere ? { row: pin.row, column: pin.column } : null;
  heatmap.show();
  heatmap.stage.scrollIntoView({ block: "nearest" });
}

/**
 * The order that a figure opens with.
 * @param {Heatmap} heatmap
 */
function opening({ element }) {
  return element.dataset.order ?? "canonical";
}

/**
 * @param {HTMLSelectElement} select
 * @param {string} [value] the first option where none has it
 */
function choose(select, value) {
  select.selectedIndex = Math.max(0, [...select.options].findIndex((option) => option.value === value));
}
