/**
 * The colours of masks and of deltas, and what they mean.
 */

import { extent, KINDS, pruned } from "./data.js";
import { bar } from "../panels/legend.js";
import { MISSING, stepOf } from "../matrix/scales.js";
import { grouped } from "../matrix/numbers.js";
import { pixels } from "../panels/canvas.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./data.js").Masks} Masks */
/** @typedef {import("./data.js").Blocks} Blocks */
/** @typedef {Record<string, string[]>} Palettes */

const CLASSES = ["pruned", "kept"];

export class Colours {
  /**
   * @param {Palettes} palettes
   * @param {Masks[]} models whose deltas share a scale
   */
  constructor(palettes, models) {
    this.palettes = palettes;
    const { bound, most, least } = extent(models.map(({ deltas }) => deltas));
    const base = { below: least < -bound, above: most > bound };
    this.delta = { kind: "diverging", transform: /** @type {const} */ ("linear"), low: -bound, high: bound, ...base, categories: [] };
    this.mask = { kind: "binary", transform: /** @type {const} */ ("whole"), low: 0, high: 1, below: false, above: false, categories: CLASSES };
    this.unit = models[0].unit;
    this.pixels = { delta: pixels(this.delta, palettes), mask: pixels(this.mask, palettes) };
  }

  /**
   * Topics in an order as the steps of a scale.
   * @param {"delta"|"mask"} what
   * @param {number[][]} values of all topics
   * @param {(number | null)[]} order places of topics; null for one that the model was not measured on
   * @param {number} columns
   */
  steps(what, values, order, columns) {
    const none = /** @type {(number | null)[]} */ (Array(columns).fill(null));
    return Uint8Array.from(
      order.flatMap((topic) => (topic === null ? none : values[topic])),
      (value) => (value === null ? MISSING : stepOf(this[what], value)),
    );
  }

  /**
   * What dark and light mean, and how many blocks are kept and pruned.
   * @param {Blocks[]} shown masks
   * @returns {HTMLElement}
   */
  classes(shown) {
    const cells = shown.flatMap((masks) => KINDS.map((kind) => [pruned(masks, kind), masks[kind].flat().length]));
    const [off, all] = [0, 1].map((at) => cells.reduce((sum, one) => sum + one[at], 0));
    const list = made("ul", "atlas-legend");
    for (const [name, count, value] of /** @type {const} */ ([["kept", all - off, 1], ["pruned", off, 0]])) {
      const [item, text, mark] = [made("li"), made("span"), made("i")];
      mark.style.background = this.palettes.binary[value];
      text.append(mark, name, made("small", "", grouped(count)));
      item.append(text);
      list.append(item);
    }
    return list;
  }

  /** The colour bar of the deltas. @returns {HTMLElement} */
  bar() {
    const told = { unit: this.unit, direction: "the model needs the block more for this topic" };
    return bar({ ...this.delta, ...told }, this.palettes);
  }
}
