/**
 * The tables of models, sorted by any of their columns.
 */

import { button } from "../shell/dom.js";

/** @typedef {"ascending" | "descending"} Direction */

/**
 * @param {HTMLElement} element
 * @returns {{dispose: () => void}}
 */
export default function mount(element) {
  const gone = new AbortController();
  for (const table of element.querySelectorAll("table")) sortable(table, gone.signal);
  element.dataset.ready = "live";
  return { dispose: () => gone.abort() };
}

/**
 * Give each named column a button that sorts by it, then the other way round, then as it was.
 * @param {HTMLTableElement} table
 * @param {AbortSignal} signal
 */
function sortable(table, signal) {
  const [body] = table.tBodies;
  const first = [...body.rows];
  for (const [at, head] of [...(table.tHead?.rows[0].cells ?? [])].entries()) {
    const title = head.textContent?.trim();
    if (!title || head.firstElementChild) continue; // that of pictures has words for screen readers alone
    const sort = button(title, "atlas-sort");
    head.replaceChildren(sort);
    sort.addEventListener("click", () => body.append(...turned(table, head, first, at)), { signal });
  }
}

/**
 * @param {HTMLTableElement} table
 * @param {HTMLTableCellElement} head of the column
 * @param {HTMLTableRowElement[]} first the rows as the page has them
 * @param {number} at place of the column
 * @returns {HTMLTableRowElement[]} the rows in the order that comes next
 */
function turned(table, head, first, at) {
  const isNumeric = head.classList.contains("atlas-right");
  /** @type {Direction[]} */
  const turns = isNumeric ? ["descending", "ascending"] : ["ascending", "descending"];
  const now = turns.indexOf(/** @type {Direction} */ (head.getAttribute("aria-sort")));
  for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
  const next = turns[now + 1];
  if (!next) return first;
  head.setAttribute("aria-sort", next);
  return sorted(first, at, isNumeric, next);
}

/**
 * Rows by a column; those without a value come last either way, equal ones stay in their order.
 * @param {HTMLTableRowElement[]} rows
 * @param {number} at
 * @param {boolean} isNumeric
 * @param {Direction} direction
 */
function sorted(rows, at, isNumeric, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  const keys = new Map(rows.map((row) => [row, row.cells[at].dataset.value ?? row.cells[at].textContent?.trim() ?? ""]));
  const key = (/** @type {HTMLTableRowElement} */ row) => keys.get(row) ?? "";
  return [...rows].sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (!a || !b) return Number(!a) - Number(!b);
    return sign * (isNumeric ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true, sensitivity: "base" }));
  });
}
