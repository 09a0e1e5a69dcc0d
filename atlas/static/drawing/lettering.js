/**
 * How wide text is in Arial and Helvetica, so that labels can be placed without a page to measure them
 * on; within a twentieth for words, which is what a margin of labels needs. Where a machine draws with
 * a wider font in their place, room is left for that.
 */

/** Widths in thousandths of the font's size, from Arial's metrics. @type {[string, number][]} */
const WIDTHS = [
  ["ijl'|", 222],
  ["It.,:;/!\\[] f", 278],
  ["r()-{}`\"", 340],
  ["Jckszvxy", 500],
  ["FTZL", 611],
  ["ABEKPSVXY&", 667],
  ["CDHNRUw", 722],
  ["GOQ", 778],
  ["mM", 833],
  ["W%@", 930],
];
const WIDE = new Map(WIDTHS.flatMap(([letters, wide]) => [...letters].map((letter) => [letter, wide])));
const OTHER = 556;
const SAMPLE = "The quick brown fox jumps over the lazy dog 0123456789";
/** How much wider than Arial the font is that this machine draws with, plain and bold; measured once. @type {[number, number] | undefined} */
let stretch;

/** East Asian letters and what else fills a square. */
const SQUARE = /[ᄀ-ᇿ⺀-鿿가-힯豈-﫿＀-￯]/;

/**
 * @param {string} text
 * @param {number} size of the font
 * @param {boolean} [bold]
 * @returns {number} its width, in the unit of `size`
 */
export function wideness(text, size, bold = false) {
  stretch ??= [measured(false), measured(true)];
  return plain(text, size, bold) * stretch[Number(bold)];
}

/**
 * @param {boolean} bold
 * @returns {number} 1 at least
 */
function measured(bold) {
  const context = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");
  if (!context) return 1;
  context.font = `${bold ? "bold " : ""}100px Arial, Helvetica, sans-serif`;
  return Math.max(1, context.measureText(SAMPLE).width / plain(SAMPLE, 100, bold));
}

/**
 * @param {string} text
 * @param {number} size
 * @param {boolean} bold
 */
function plain(text, size, bold) {
  let sum = 0;
  for (const letter of text) sum += WIDE.get(letter) ?? (SQUARE.test(letter) ? 1000 : OTHER);
  return (sum / 1000) * size * (bold ? 1.07 : 1);
}

/**
 * Lines that are no wider than there is room; a word that is wider by itself is broken.
 * @param {string} text
 * @param {number} room
 * @param {number} size
 * @param {boolean} [bold]
 * @returns {string[]}
 */
export function wrapped(text, room, size, bold = false) {
  /** @type {string[]} */
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean).flatMap((one) => broken(one, room, size, bold))) {
    const longer = line ? `${line} ${word}` : word;
    if (line && wideness(longer, size, bold) > room) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line ? [...lines, line] : lines;
}

/**
 * @param {string} word
 * @param {number} room
 * @param {number} size
 * @param {boolean} bold
 */
function broken(word, room, size, bold) {
  if (wideness(word, size, bold) <= room) return [word];
  const parts = [""];
  for (const letter of word) {
    if (parts[parts.length - 1] && wideness(parts[parts.length - 1] + letter, size, bold) > room) parts.push("");
    parts[parts.length - 1] += letter;
  }
  return parts;
}
