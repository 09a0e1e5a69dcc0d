/**
 * The bundle of a survey, as `atlas/site/across/surveys.py` packs and describes it.
 */

import { isHeads } from "../matrix/column-order.js";
import { fetchBytes, fetchJson } from "../shell/fetch.js";

/** @typedef {import("../panels/canvas.js").Panel} Panel */
/** @typedef {import("../matrix/scales.js").Shared} Scale */
/** @typedef {Panel & {model: number, mean: number|null, highest: number|null}} Map_ */

/**
 * @typedef {object} Model
 * @property {string} slug
 * @property {string} name
 * @property {string} family
 * @property {number | null} parameters
 * @property {number | null} layers
 * @property {number | null} heads
 * @property {string | null} released
 * @property {string[]} tags
 * @property {boolean} reference
 * @property {string} state
 * @property {number} group
 */
/**
 * @typedef {Scale & {name: string, title: string, unit: string, direction: string, axes: [string, string],
 *   text: string, layout: number, part: number, offset: number, mean: (number|null)[],
 *   highest: (number|null)[], others: string[]}} Quantity
 */
/**
 * @typedef {object} Index
 * @property {number} format
 * @property {string} analysis
 * @property {string} title
 * @property {number} version
 * @property {string[]} parts
 * @property {{version: number, protocol: Record<string, unknown>, apart: string}[]} groups
 * @property {Model[]} models
 * @property {(number | string[])[]} labels
 * @property {[number, number, number][][]} layouts
 * @property {Quantity[]} matrices
 */

export class Bundle {
  /**
   * @param {Index} index
   * @param {URL} url of the index; the parts lie beside it
   */
  constructor(index, url) {
    this.index = index;
    this.url = url;
    /** @type {Map<number, Promise<ArrayBuffer>>} */
    this.parts = new Map();
    this.labels = index.labels.map((labels) =>
      typeof labels === "number" ? Array.from({ length: labels }, (_, at) => String(at)) : labels,
    );
  }

  /**
   * @param {URL} url
   * @returns {Promise<Bundle>}
   */
  static async load(url) {
    const index = await fetchJson(url);
    if (index.format !== 1) throw new Error(`a bundle of format ${index.format}; reload the page`);
    return new Bundle(index, url);
  }

  /**
   * The maps of a quantity, in the order of its layout; those of heads with layers across.
   * @param {Quantity} quantity
   * @returns {Promise<Map_[]>}
   */
  async maps(quantity) {
    const bytes = await this.part(quantity.part);
    let offset = quantity.offset;
    return this.index.layouts[quantity.layout].map(([model, row, column], at) => {
      const [rows, columns] = [this.labels[row], this.labels[column]];
      const steps = new Uint8Array(bytes, offset, rows.length * columns.length);
      offset += steps.length;
      const told = { model, mean: quantity.mean[at], highest: quantity.highest[at] };
      if (!isHeads(quantity)) return { ...told, rows, columns, steps };
      return { ...told, rows: columns, columns: rows, steps: turned(steps, columns.length) };
    });
  }

  /**
   * @param {number} at
   * @returns {Promise<ArrayBuffer>}
   */
  part(at) {
    let part = this.parts.get(at);
    if (!part) {
      part = fetchBytes(new URL(this.index.parts[at], this.url));
      part.catch(() => this.parts.delete(at));
      this.parts.set(at, part);
    }
    return part;
  }
}

/**
 * What an axis of a quantity's maps is, as they are shown.
 * @param {Quantity} quantity
 * @returns {[string, string]} of rows and of columns
 */
export function shownAxes(quantity) {
  const [rows, columns] = quantity.axes;
  return isHeads(quantity) ? [columns, rows] : [rows, columns];
}

/**
 * @param {Uint8Array} steps row by row
 * @param {number} wide
 * @returns {Uint8Array} column by column
 */
function turned(steps, wide) {
  const high = steps.length / wide;
  return Uint8Array.from(steps, (_, at) => steps[(at % high) * wide + Math.floor(at / high)]);
}
