/**
 * The sizes of a family: `ladder.json`, which `atlas/site/across/families.py` writes, and the models'
 * own profiles, each loaded when it is first shown.
 */

import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/**
 * @typedef {import("../matrix/scales.js").Shared & {name: string, title: string, unit: string,
 *   direction: string, axes: [string, string], text: string, columns: string[],
 *   block: string[], mean: (number|null)[], shown: boolean[]}} Quantity
 */
/** @typedef {{slug: string, name: string, parameters: number|null, layers: number|null}} Model */
/** @typedef {{version: number, model: {revision: string|null, digest: string|null}}} Origin what a profile says of where its values come from */
/**
 * @typedef {object} Analysis
 * @property {string} name
 * @property {string} title
 * @property {number} version
 * @property {number[]} members
 * @property {boolean} ladder whether their sizes differ
 * @property {[string, string][]} apart
 * @property {Quantity[]} matrices
 * @property {string | null} beside the quantity of one column that stands first beside others
 * @property {[string, string][]} doubts slugs of members of which the values say little, each with why
 * @property {string[]} unequal sentences: conditions in which members differ
 */
/** @typedef {{model: Model, mean: number|null, matrix: Matrix, beside?: Matrix, origin: Origin}} Size one model's matrix on the ladder */

/** How many sizes a page shows at a time. */
export const MOST = 16;

/**
 * At most `most` items of a list, spread evenly, with the first and the last.
 * @template T
 * @param {T[]} list
 * @param {number} most
 * @returns {T[]}
 */
function spread(list, most) {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, at) => list[Math.round((at * (list.length - 1)) / (most - 1))]);
}

export class Ladder {
  /**
   * @param {{format: number, family: string, models: Model[], analyses: Analysis[]}} index
   * @param {URL} root of the site
   */
  constructor(index, root) {
    this.index = index;
    this.root = root;
    /** @type {Map<string, Promise<{origin: Origin, named: Map<string, Matrix>}>>} */
    this.profiles = new Map();
  }

  /**
   * @param {URL} url
   * @param {URL} root
   */
  static async load(url, root) {
    const index = await fetchJson(url);
    if (index.format !== 1) throw new Error(`a ladder of format ${index.format}; reload the page`);
    return new Ladder(index, root);
  }

  /**
   * The matrices of a quantity, in order of size; members that do not have it are left out. Of more
   * than MOST, as many are taken, spread over the ladder.
   * @param {Analysis} analysis
   * @param {Quantity} quantity
   * @returns {Promise<Size[]>}
   */
  async sizes(analysis, quantity) {
    const having = analysis.members.flatMap((at, place) =>
      quantity.shown[place] ? [{ model: this.index.models[at], mean: quantity.mean[place] }] : [],
    );
    const taken = spread(having, MOST);
    const profiles = await Promise.all(taken.map(({ model }) => this.profile(model.slug, analysis.name)));
    return taken.map((size, at) => {
      const { origin, named } = profiles[at];
      const matrix = named.get(quantity.name);
      if (!matrix) throw new Error(`${size.model.name} has changed since; reload the page`);
      return { ...size, origin, matrix, beside: named.get(analysis.beside ?? "") };
    });
  }

  /**
   * @param {string} slug
   * @param {string} analysis
   */
  profile(slug, analysis) {
    const path = `models/${slug}/${analysis}.json`;
    let profile = this.profiles.get(path);
    if (!profile) {
      profile = fetchJson(new URL(path, this.root)).then(({ version, model, matrices }) => ({
        origin: { version, model },
        named: new Map(matrices.map((/** @type {Matrix} */ matrix) => [matrix.name, matrix])),
      }));
      profile.catch(() => this.profiles.delete(path));
      this.profiles.set(path, profile);
    }
    return profile;
  }
}

/**
 * A matrix with these columns in this order; those that it lacks have no values.
 * @param {Matrix} matrix
 * @param {string[]} columns
 * @returns {Matrix}
 */
export function withColumns(matrix, columns) {
  const places = columns.map((column) => matrix.columns.indexOf(column));
  /** @param {(number|null)[][]} lines */
  const moved = (lines) => lines.map((row) => places.map((at) => (at < 0 ? null : row[at])));
  const { values, spread, largest_share: shares } = matrix;
  return {
    ...matrix,
    columns,
    values: moved(values),
    native: undefined,
    spread: spread && moved(spread),
    largest_share: shares && moved(shares),
  };
}

/**
 * @typedef {{label: string, of: (value: number|null, across: string) => number|null}} Pick
 * What a trend line shows: a mean over everything, over one module, or the share of a class.
 */

/**
 * What the trends of a quantity can follow.
 * @param {Quantity} quantity
 * @returns {Pick[]}
 */
export function picks(quantity) {
  if (quantity.transform === "whole") {
    return quantity.categories.map((label, category) => ({
      label,
      of: (value) => (value === null ? null : Number(value === category)),
    }));
  }
  const all = { label: "all", of: (/** @type {number|null} */ value) => value };
  const modules = quantity.columns.map((label) => ({
    label,
    of: (/** @type {number|null} */ value, /** @type {string} */ across) => (across === label ? value : null),
  }));
  return [all, ...modules];
}

/**
 * The mean of what is picked in each layer, null where there is none of it.
 * @param {Matrix} matrix
 * @param {Pick} pick
 * @returns {(number|null)[] | null} null where neither axis is layers
 */
export function byLayer(matrix, pick) {
  const { axes, rows, columns, values } = matrix;
  if (axes[0] === "layer") {
    return values.map((row) => mean(row.map((value, at) => pick.of(value, columns[at]))));
  }
  if (axes[1] !== "layer") return null;
  return columns.map((_, at) => mean(values.map((row, across) => pick.of(row[at], rows[across]))));
}

/**
 * The mean of what is picked in the whole model.
 * @param {Matrix} matrix
 * @param {Pick} pick
 */
export function meanOfAll({ rows, columns, values, axes }, pick) {
  const across = (/** @type {number} */ row, /** @type {number} */ column) =>
    axes[1] === "layer" ? rows[row] : columns[column];
  return mean(values.flatMap((line, row) => line.map((value, column) => pick.of(value, across(row, column)))));
}

/**
 * @param {(number|null)[]} values
 * @returns {number | null}
 */
function mean(values) {
  const known = /** @type {number[]} */ (values.filter((value) => value !== null));
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
