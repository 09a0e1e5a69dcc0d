/**
 * The same in `atlas/site/figures/labels.py`, and in `atlas/site/figures/heatmap.py` the room around a
 * preview.
 *
 * Labels of axes: which of them there is room for, how wide they are, and how they are broken into lines.
 */

const LONGEST = 26;
/** How many labels are taken together where there is no room for each. */
const STEPS = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100];
/** Width of a character in pixels, on average. */
export const CHARACTER = 6;

/**
 * @param {string[]} labels
 * @returns {number} pixels that the widest of them takes
 */
export function widest(labels) {
  return Math.max(...labels.map((label) => Math.min(label.length, LONGEST))) * CHARACTER;
}

/**
 * Room below a figure for labels that are turned, and for the name of their axis.
 * @param {string[]} labels
 * @returns {number} pixels
 */
export function roomBelow(labels) {
  return Math.round(Math.min(110, widest(labels) * 0.71) + 46);
}

/**
 * @param {{at: number, label: string}[]} ticks
 * @returns {Map<number, string>}
 */
export function tickLabels(ticks) {
  return new Map(ticks.map(({ at, label }) => [at, label]));
}

/**
 * A label as it stands on an axis.
 * @param {string} label
 */
export function cut(label) {
  return label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label;
}

/**
 * @param {string[]} labels
 * @returns {Map<number, string>}
 */
export function cutLabels(labels) {
  return new Map(labels.map((label, at) => [at, cut(label)]));
}

/**
 * Positions of labels that have `least` pixels each: every one, or every 2nd, 5th, 10th ...
 * @param {number} count
 * @param {number} room
 * @param {number} least
 * @param {number[]} [steps] to choose from, the last where none gives room enough
 * @returns {number[]}
 */
export function every(count, room, least, steps = STEPS) {
  const step = steps.find((size) => (room / count) * size >= least) ?? steps[steps.length - 1];
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => at * step);
}

/**
 * @param {number} count
 * @returns {number[]} the lines between cells
 */
export function edges(count) {
  return Array.from({ length: count - 1 }, (_, at) => at + 0.5);
}

/**
 * The ticks of the colour bar that do not touch each other.
 * @param {{at: number, label: string}[]} ticks ascending
 * @param {number} height of the bar in pixels
 * @returns {{at: number, label: string}[]}
 */
export function thinned(ticks, height) {
  return apart(ticks, 15 / height);
}

/**
 * @param {{at: number, label: string}[]} ticks ascending
 * @param {number} gap that two of them keep
 */
export function apart(ticks, gap) {
  let free = -Infinity;
  return ticks.filter(({ at }) => {
    const kept = at >= free;
    if (kept) free = at + gap;
    return kept;
  });
}

/**
 * Words in lines of at most so many characters; a longer word has a line for itself.
 * @param {string} text
 * @param {number} most
 * @returns {string[]}
 */
export function lines(text, most) {
  const found = [""];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = found[found.length - 1];
    if (last && last.length + 1 + word.length > most) found.push(word);
    else found[found.length - 1] = last ? `${last} ${word}` : word;
  }
  return found;
}
