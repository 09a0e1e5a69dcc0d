/**
 * What a panel has on its axes, and where a cell of the grid that models are compared on stands in it.
 * Values as they are stand on the model's own rows and columns; a difference or a ratio stands on the
 * grid that all models share. Layers of a map of heads run across.
 */

import { LAYER } from "../matrix/align.js";
import { axisNamed } from "../matrix/axes.js";
import { isHeads } from "../matrix/column-order.js";

/** @typedef {import("./scene.js").Group} Group */
/** @typedef {import("../matrix/align.js").Axis} Axis */
/** @typedef {[number, number]} Cell */
/**
 * An axis of a panel.
 * @typedef {object} Side
 * @property {string} title
 * @property {string[]} labels
 * @property {boolean} deep whether its labels are relative depths
 * @property {number[]} places of its lines among those that the sheet shows
 * @property {number[]} onGrid where its lines stand on the grid
 * @property {number[]} fromGrid for each line of the grid the one of the panel, -1 where it has none
 */
/** @typedef {{rows: Side, columns: Side, turned: boolean}} Frame turned: rows of the matrix run across */

/**
 * The frame of a model's own values.
 * @param {Group} group
 * @param {number} at of the model
 * @returns {Frame}
 */
export function ownFrame({ grid, plain, models }, at) {
  const rows = ownSide(plain.rows, grid.rows, at, models[at].matrix.rows.length);
  const columns = ownSide(plain.columns, grid.columns, at, models[at].matrix.columns.length);
  return arranged(grid, rows, columns);
}

/**
 * The frame of what is computed from two models.
 * @param {Group} group
 * @returns {Frame}
 */
export function commonFrame({ grid, deep }) {
  const side = (/** @type {Axis} */ { name, labels }) => {
    const places = labels.map((_, place) => place);
    const isDeep = deep && name === LAYER;
    return { title: isDeep ? "Relative depth" : axisNamed(name), labels, deep: isDeep, places, onGrid: places, fromGrid: places };
  };
  return arranged(grid, side(grid.rows), side(grid.columns));
}

/**
 * @param {import("../matrix/align.js").Grid} grid
 * @param {Side} rows
 * @param {Side} columns
 * @returns {Frame}
 */
function arranged(grid, rows, columns) {
  const turned = isHeads({ axes: [grid.rows.name, grid.columns.name] });
  return turned ? { rows: columns, columns: rows, turned } : { rows, columns, turned };
}

/**
 * @param {Axis} plain on which each value stands once
 * @param {Axis} grid
 * @param {number} at of the model
 * @param {number} count of the model's rows or columns
 * @returns {Side}
 */
function ownSide(plain, grid, at, count) {
  const places = plain.labels.map((_, place) => place).filter((place) => plain.places[at][place] !== null);
  const own = places.map((place) => Number(plain.places[at][place]));
  const line = new Map(own.map((place, index) => [place, index]));
  const last = grid.labels.length - 1;
  return {
    title: axisNamed(plain.name),
    labels: places.map((place) => plain.labels[place]),
    deep: false,
    places,
    // by depth, of all places of the grid where a layer stands, the one that is nearest to its depth
    onGrid: plain === grid ? places : own.map((place) => Math.round((place * last) / Math.max(1, count - 1))),
    fromGrid: grid.places[at].map((place) => (place === null ? -1 : (line.get(place) ?? -1))),
  };
}

/**
 * Where a cell of a panel stands on the grid.
 * @param {Frame} frame
 * @param {Cell} cell
 * @returns {Cell}
 */
export function onGrid({ rows, columns, turned }, [row, column]) {
  const [down, across] = [rows.onGrid[row], columns.onGrid[column]];
  return turned ? [across, down] : [down, across];
}

/**
 * Where a cell of the grid stands in a panel.
 * @param {Frame} frame
 * @param {Cell | null} cell
 * @returns {Cell | null} null where the panel has no such cell
 */
export function inFrame({ rows, columns, turned }, cell) {
  if (!cell) return null;
  const [down, across] = turned ? [cell[1], cell[0]] : cell;
  const found = [rows.fromGrid[down], columns.fromGrid[across]];
  return found[0] < 0 || found[1] < 0 ? null : [found[0], found[1]];
}

/**
 * Something of every cell of a panel, a row of the panel after the other.
 * @template Item
 * @param {Frame} frame
 * @param {(row: number, column: number) => Item} item by the place among what the sheet shows
 * @returns {Item[][]}
 */
export function laidOut({ rows, columns, turned }, item) {
  return rows.places.map((down) => columns.places.map((across) => (turned ? item(across, down) : item(down, across))));
}
