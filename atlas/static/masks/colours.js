/**
 * The colours of masks and of deltas, and what they mean.
 */

import { existing, extent, KINDS, pruned } from "./data.js";
import { DELTA } from "./words.js";
import { grouped, number } from "../matrix/numbers.js";
import { bar } from "../panels/legend.js";
import { MISSING, sharedTicks, stepOf } from "../matrix/scales.js";
import { pixels } from "../panels/canvas.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./data.js").Masks} Masks */
/** @typedef {import("./data.js").Blocks} Blocks */
/** @typedef {Record<string, string[]>} Palettes */

const CLASSES = ["pruned", "kept"];
const CLEAR = 0.2; // of a drawn colour bar, which the labels of its ends take
/** What a hatched row of a comparison is. */
export const UNMEASURED = "topic that the model was not measured on";

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
   * @param {(number | null)[][]} values of all topics
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
   * Kept and pruned, with the number of blocks that are.
   * @param {Blocks[]} shown masks
   * @returns {HTMLElement}
   */
  legend(shown) {
    const cells = shown.flatMap((masks) => KINDS.map((kind) => [pruned(masks, kind), existing(masks, kind)]));
    const [off, all] = [0, 1].map((at) => cells.reduce((sum, one) => sum + one[at], 0));
    const list = made("ul", "atlas-legend");
    const counts = { kept: all - off, pruned: off };
    for (const { label, colour } of this.classes()) {
      const [item, text, mark] = [made("li"), made("span"), made("i")];
      mark.style.background = colour;
      text.append(mark, label, made("small", "", grouped(counts[label])));
      item.append(text);
      list.append(item);
    }
    return list;
  }

  /** The colour of what a mask keeps, and of what it prunes. */
  classes() {
    const [light, dark] = this.palettes.binary;
    return /** @type {const} */ ([
      { label: "kept", colour: dark },
      { label: "pruned", colour: light },
    ]);
  }

  /** The colour bar of the deltas. @returns {HTMLElement} */
  bar() {
    const told = { unit: `${DELTA}, ${this.unit}`, direction: "the block matters more for this topic" };
    return bar({ ...this.delta, ...told }, this.palettes);
  }

  /**
   * What the colours mean, in a scene.
   * @param {{hasDeltas: boolean, isHatched: boolean}} shown
   * @returns {import("../drawing/scene.js").Key[]}
   */
  keys({ hasDeltas, isHatched }) {
    const absent = isHatched ? [{ label: UNMEASURED, colour: null }] : [];
    /** @type {import("../drawing/scene.js").Key} */
    const classes = { kind: "classes", title: "", classes: [...this.classes(), ...absent] };
    if (!hasDeltas) return [classes];
    const { low, high, below, above } = this.delta;
    const ticks = [
      { at: 0, label: `${below ? "≤ " : ""}${number(low)}` },
      ...sharedTicks(this.delta).filter(({ at }) => at > CLEAR && at < 1 - CLEAR),
      { at: 1, label: `${above ? "≥ " : ""}${number(high)}` },
    ];
    return [classes, { kind: "bar", title: `${DELTA}, ${this.unit}`, palette: this.palettes.diverging, ticks }];
  }
}
