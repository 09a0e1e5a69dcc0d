/**
 * One model of a survey: its name, its map, and how it is found and sorted.
 */

import { across, down } from "../drawing/scene.js";
import { axisNamed } from "../matrix/axes.js";
import { numeric } from "../matrix/numbers.js";
import { cellSize, paint } from "../panels/canvas.js";
import { framed, roomBefore, roomBelow, shownAcross, shownDown } from "../panels/labels.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./bundle.js").Model} Model */
/** @typedef {import("./bundle.js").Map_} Map_ */

/** @typedef {import("../drawing/scene.js").Axis} Axis */
/** @typedef {{x: Axis, y: Axis, width: number, height: number}} Laid the axes of a map and its size in pixels */

/** Pixels from which on a panel has axes. */
export const AXES = 160;

/**
 * @typedef {object} State what a survey shows, as its address says it
 * @property {string} matrix
 * @property {string} text
 * @property {string} family
 * @property {string} size
 * @property {string} tag
 * @property {string} sort
 * @property {string} panel
 * @property {Set<number>} off
 */

export class Tile {
  /**
   * @param {HTMLElement} element the list item that the page has
   * @param {Model} model
   * @param {string} note what a reader must know before comparing its values; may be empty
   */
  constructor(element, model, note) {
    this.element = element;
    this.model = model;
    this.words = `${model.name} ${model.slug} ${model.family}`.toLowerCase();
    this.canvas = made("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.box = made("input");
    this.box.type = "checkbox";
    this.box.autocomplete = "off";
    this.box.setAttribute("aria-label", `Compare ${model.name}`);
    this.box.title = "Choose for a comparison";
    this.home = made("div", "atlas-tile-map");
    this.home.append(this.canvas);
    if (note) element.append(made("em", "", note));
    element.prepend(this.box);
    element.append(this.home);
    /** @type {Laid | undefined} */
    this.laid = undefined;
    /** @type {Map_ | undefined} */
    this.map = undefined;
    /** @type {number[]} */
    this.counts = [];
  }

  /**
   * Another quantity, or none where the model does not have it.
   * @param {Map_ | undefined} map
   * @param {string} title
   */
  setMap(map, title) {
    this.map = map;
    this.counts = [];
    if (!map) return;
    const { rows, columns } = map;
    this.canvas.setAttribute(
      "aria-label",
      `${title} of ${this.model.name}, ${rows.length} by ${columns.length}. Arrow keys read it cell by cell.`,
    );
  }

  /** @returns {string[]} what a reader must know before comparing its values, as the page says it */
  get notes() {
    return [...this.element.querySelectorAll("em")].map((one) => one.textContent ?? "");
  }

  /** @returns {number[]} cells by step */
  tally() {
    if (this.map && !this.counts.length) {
      this.counts = Array.from({ length: 256 }, () => 0);
      for (const step of this.map.steps) this.counts[step] += 1;
    }
    return this.counts;
  }

  /**
   * Where the map lies, with its axes.
   * @param {number} size pixels that its cells may be wide and high
   * @param {[string, string]} axes of its rows and columns
   * @returns {[number, number]} room that the labels of its rows and columns take
   */
  lay(size, axes) {
    if (!this.map) return [0, 0];
    const { rows, columns } = this.map;
    const [own, high] = cellSize(this.map, size, size);
    const wide = numeric(columns) ? own : Math.max(1, Math.floor(size / columns.length)); // room for names
    const [width, height] = [wide * columns.length, high * rows.length];
    const x = across(axisNamed(axes[1]), columns, shownAcross(columns, width));
    const y = down(axisNamed(axes[0]), rows, shownDown(rows, height));
    this.laid = { x, y, width, height };
    return [roomBefore(y), roomBelow(x)];
  }

  /**
   * @param {Uint32Array} colours
   * @param {number} size pixels that its cells may be wide and high
   * @param {number} below room that the labels of columns take in the tile that needs most; 0 without
   *   axes
   */
  draw(colours, size, below) {
    if (!this.map || !this.laid) return;
    const { x, y, width, height } = this.laid;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.home.style.height = `${size + below}px`; // as high as in every other tile
    this.home.replaceChildren(below ? framed(this.canvas, x, y, width, height) : this.canvas);
    paint(this.canvas, this.map, colours);
  }

  /**
   * @param {State} state
   * @returns {boolean}
   */
  fits({ text, family, size, tag }) {
    if (!this.map || !this.words.includes(text.trim().toLowerCase())) return false;
    if (family && this.model.family !== family) return false;
    if (tag && !this.model.tags.includes(tag)) return false;
    return !size || within(this.model.parameters, size);
  }

  /**
   * What a tile is sorted by, the smallest first.
   * @param {State} state
   * @returns {number | string}
   */
  order({ sort, off }) {
    const { model, map } = this;
    if (sort === "real") return Number(this.element.dataset.rank);
    if (sort === "mean") return -(map?.mean ?? -Infinity);
    if (sort === "highest") return -(map?.highest ?? -Infinity);
    if (sort === "parameters") return model.parameters ?? Infinity;
    if (sort === "layers") return model.layers ?? Infinity;
    if (sort === "classes") {
      const counts = this.tally();
      const shown = counts.reduce((sum, count, step) => sum + (step < 255 && !off.has(step) ? count : 0), 0);
      return -shown / (counts.reduce((sum, count) => sum + count, 0) - counts[255] || 1);
    }
    return 0;
  }
}

/**
 * Tiles in the order that is asked for; equal ones by name.
 * @param {Tile[]} tiles
 * @param {State} state
 * @returns {Tile[]}
 */
export function sorted(tiles, state) {
  const byName = (/** @type {Tile} */ a, /** @type {Tile} */ b) =>
    a.model.name.localeCompare(b.model.name, "en", { numeric: true });
  if (state.sort === "name") return [...tiles].sort(byName);
  if (state.sort === "released") {
    const date = (/** @type {Tile} */ tile) => tile.model.released ?? "";
    return [...tiles].sort((a, b) => date(b).localeCompare(date(a)) || byName(a, b));
  }
  const keyed = tiles.map((tile) => ({ tile, key: Number(tile.order(state)) }));
  return keyed.sort((a, b) => a.key - b.key || byName(a.tile, b.tile)).map(({ tile }) => tile);
}

/**
 * @param {number | null} parameters
 * @param {string} range such as `1e9-5e9`, open where an end is left out
 * @returns {boolean}
 */
function within(parameters, range) {
  if (parameters === null) return false;
  const [from, to] = range.split("-");
  return parameters >= Number(from || 0) && parameters < Number(to || Infinity);
}
