/**
 * Links the figures of a page: the cell that one of them points at is lit in all with the same axes.
 */

/** @typedef {[string, string][]} Place the axes of a cell and its labels on them, rows first */
/** @typedef {{follow: (place: Place | null) => void, release: () => void}} Linked */

/** @type {Set<Linked>} */
const figures = new Set();
let frame = 0;

/** @param {Linked} one */
export function join(one) {
  figures.add(one);
}

/** @param {Linked} one */
export function leave(one) {
  figures.delete(one);
}

/**
 * @param {Linked} from
 * @param {Place | null} place
 */
export function lightOthers(from, place) {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    for (const one of figures) if (one !== from) one.follow(place);
  });
}

/**
 * A page has one pinned cell: unpin those of all other figures.
 * @param {Linked} from
 */
export function releaseOthers(from) {
  for (const one of figures) if (one !== from) one.release();
}

/**
 * Find a place on the axes of a matrix.
 * @param {Place} place
 * @param {import("../matrix/numbers.js").Matrix} matrix
 * @returns {[number, number]} row and column, -1 where there is none
 */
export function placeIn(place, matrix) {
  const at = [matrix.rows, matrix.columns].map((labels, side) => {
    const same = place[side][0] === matrix.axes[side] ? side : 1 - side;
    const [axis, label] = place[same];
    return axis === matrix.axes[side] ? labels.indexOf(label) : -1;
  });
  return [at[0], at[1]];
}
