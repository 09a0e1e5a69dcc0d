/**
 * Marks over the frame of a figure: a crosshair, the cell that is pointed at, a pinned cell. They are
 * elements of their own, so that a moving cursor draws nothing anew.
 */

import { made } from "../shell/dom.js";

/** @typedef {{x: [number, number], y: [number, number]}} Ranges what is in sight, left to right and top to bottom */

export class Marks {
  constructor() {
    this.element = made("div", "atlas-marks");
    this.element.setAttribute("aria-hidden", "true");
    this.row = mark("row");
    this.column = mark("column");
    this.pin = mark("pin");
    this.cell = mark("cell");
    this.element.append(this.row, this.column, this.pin, this.cell);
  }

  /**
   * Light a row, a column and the cell where they cross.
   * @param {Ranges} ranges
   * @param {number} row
   * @param {number} column -1 for none
   */
  light(ranges, row, column) {
    lay(this.row, ranges, row, null);
    lay(this.column, ranges, null, column);
    lay(this.cell, ranges, row, column);
  }

  /**
   * Mark the pinned cell.
   * @param {Ranges} ranges
   * @param {number} row
   * @param {number} column -1 for none
   */
  hold(ranges, row, column) {
    lay(this.pin, ranges, row, column);
  }

  /** @returns {import("./tooltip.js").Box | null} the lit cell, in pixels of the frame */
  edges() {
    if (this.cell.hidden) return null;
    const { offsetLeft: left, offsetWidth: width, offsetTop: top, offsetHeight: height } = this.cell;
    return { left, right: left + width, top, bottom: top + height };
  }
}

/**
 * Ranges with every row and column in sight.
 * @param {number} rows
 * @param {number} columns
 * @returns {Ranges}
 */
export function whole(rows, columns) {
  return { x: [-0.5, columns - 0.5], y: [-0.5, rows - 0.5] };
}

/** @param {string} name */
function mark(name) {
  const element = made("div", `atlas-mark-${name}`);
  element.hidden = true;
  return element;
}

/**
 * Lay a mark over a cell, a row or a column; null spans all of them, -1 is nowhere.
 * @param {HTMLElement} element
 * @param {Ranges} ranges
 * @param {number | null} row
 * @param {number | null} column
 */
function lay(element, { x, y }, row, column) {
  const across = span(column, x);
  const down = span(row, y);
  element.hidden = !across || !down;
  if (!across || !down) return;
  element.style.cssText = `left:${across[0]}%;width:${across[1]}%;top:${down[0]}%;height:${down[1]}%`;
}

/**
 * @param {number | null} at
 * @param {[number, number]} range
 * @returns {[number, number] | null} start and length in percent of what is in sight
 */
function span(at, [start, end]) {
  if (at === null) return [0, 100];
  if (at < 0 || at + 0.5 <= start || at - 0.5 >= end) return null;
  return [((at - 0.5 - start) / (end - start)) * 100, 100 / (end - start)];
}
