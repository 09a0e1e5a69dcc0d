/**
 * The ten heads that are highest in each score, as a table that is built when it is first opened.
 */

import { number } from "../matrix/numbers.js";
import { button, header, made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("./mount.js").Head} Head */

const MOST = 10;

/**
 * @param {Matrix[]} scores
 * @param {(head: Head | null) => void} point a head in the other figures; null for none
 * @param {(head: Head) => void} open
 * @returns {HTMLElement}
 */
export function topHeads(scores, point, open) {
  const details = made("details", "atlas-table atlas-top");
  const count = Math.min(MOST, scores[0].rows.length * scores[0].columns.length);
  details.append(made("summary", "", `The ${count} highest heads of each score`));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(table(scores, point, open));
  });
  return details;
}

/**
 * @param {Matrix} matrix
 * @param {number} count
 * @returns {{head: Head, value: number}[]} the highest first; equal ones in the order of the layers
 */
export function highest({ rows, columns, values }, count) {
  const all = values.flatMap((line, layer) =>
    line.flatMap((value, head) => (value === null ? [] : [{ head: /** @type {Head} */ ([rows[layer], columns[head]]), value }])),
  );
  return all.sort((a, b) => b.value - a.value).slice(0, count);
}

/**
 * @param {Matrix[]} scores
 * @param {(head: Head | null) => void} point
 * @param {(head: Head) => void} open
 */
function table(scores, point, open) {
  const whole = made("table");
  const top = whole.createTHead().insertRow();
  top.append(...["Rank", ...scores.map(({ title }) => title)].map((name) => header(name)));
  const lists = scores.map((matrix) => highest(matrix, MOST));
  const body = whole.createTBody();
  for (let at = 0; at < Math.max(...lists.map((list) => list.length)); at += 1) {
    const row = body.insertRow();
    row.append(header(String(at + 1), "row"));
    for (const list of lists) {
      const cell = row.insertCell();
      if (list[at]) cell.append(opener(list[at].head, point, open), " ", made("span", "atlas-number", number(list[at].value)));
    }
  }
  const scroll = made("div", "atlas-scroll");
  scroll.tabIndex = 0;
  scroll.append(whole);
  return scroll;
}

/**
 * @param {Head} head
 * @param {(head: Head | null) => void} point
 * @param {(head: Head) => void} open
 */
function opener(head, point, open) {
  const one = button(head.join("."), "atlas-top-head");
  one.setAttribute("aria-label", `Head ${head.join(".")}`);
  for (const type of ["pointerenter", "focus"]) one.addEventListener(type, () => point(head));
  for (const type of ["pointerleave", "blur"]) one.addEventListener(type, () => point(null));
  one.addEventListener("click", () => open(head));
  return one;
}
