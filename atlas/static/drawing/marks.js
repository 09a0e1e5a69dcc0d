/**
 * The elements that drawings are written with.
 */

export const INK = "#1d2430";
export const FAINT = "#5b6575";
/** Of ticks and of lines around plots. */
export const LINE = "#8a93a3";

/**
 * @param {string} words
 * @param {number} x
 * @param {number} y of the baseline
 * @param {{size?: number, bold?: boolean, colour?: string, anchor?: "middle"|"end", turned?: number}} look
 */
export function said(words, x, y, { size, bold, colour, anchor, turned }) {
  const [left, low] = [round(x), round(y)];
  const attributes = [
    size ? ` font-size="${size}"` : "",
    bold ? ' font-weight="700"' : "",
    colour ? ` fill="${colour}"` : "",
    anchor ? ` text-anchor="${anchor}"` : "",
    turned ? ` transform="rotate(${turned} ${left} ${low})"` : "",
  ].join("");
  return `<text x="${left}" y="${low}"${attributes}>${drawn(words)}</text>`;
}

/**
 * What fills cells without a value.
 * @param {string} id
 */
export function absentMark(id) {
  return `<defs><pattern id="${id}" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path d="M0 0H4" stroke="#aab2bf"/></pattern></defs>`;
}

/**
 * Text as XML; characters that XML does not allow are left out.
 * @param {string} text
 */
export function drawn(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text
    .replace(/\p{Surrogate}/gu, "")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replace(/[&<>"]/g, (mark) => names[/** @type {keyof typeof names} */ (mark)]);
}

/** @param {number} value */
export function round(value) {
  return Math.round(value * 100) / 100;
}
