/**
 * The block masks as a scene: the panels as they are shown, what their colours mean, and the values
 * that are drawn as CSV.
 */

import { across, down } from "../drawing/scene.js";
import { field } from "../matrix/numbers.js";
import { KINDS } from "./data.js";
import { lined, numbered } from "./frame.js";
import * as words from "./words.js";

/** @typedef {import("./data.js").Masks} Masks */
/** @typedef {import("./data.js").Blocks} Blocks */
/** @typedef {import("./panels.js").Panel} Shown */

/** Height of a row of topics by the width of its panel. */
const ROW = 0.045;
/** Points that a panel takes with its labels, at least. */
const LEAST = 150;

/**
 * A panel as it is shown.
 * @param {Shown} shown
 * @param {number} at its place in its row
 * @returns {import("../drawing/scene.js").Panel}
 */
export function panel(shown, at) {
  const { title, note, rows, columns, steps, colours } = shown.content;
  const bytes = new Uint8Array(colours.buffer);
  return {
    title,
    note,
    x: across("Layer", columns, numbered(shown)),
    y: down("Topic", rows, [...rows.keys()]),
    grid: {
      rows: rows.length,
      columns: columns.length,
      colours: Array.from(steps, (step) => painted(bytes.subarray(4 * step, 4 * step + 4))),
      lined: lined(shown),
    },
    ratio: rows.length * ROW,
    alike: at > 0,
    least: LEAST,
  };
}

/**
 * @param {Uint8Array} pixel red, green, blue, and whether there is anything
 * @returns {string | null}
 */
function painted(pixel) {
  return pixel[3] ? `#${[...pixel.subarray(0, 3)].map((part) => part.toString(16).padStart(2, "0")).join("")}` : null;
}

/**
 * The values that are drawn, a line a block of a topic.
 * @param {{name: string, masks: Masks, shown: Blocks, topics: string[]}[]} models topics: those that are
 *   shown, from the top; a model need not have all of them
 */
export function csv(models) {
  const several = models.length > 1;
  const head = ["topic", "block", "layer", "mask", `${words.DELTA.toLowerCase()} (${models[0].masks.unit})`];
  const lines = models.flatMap(({ name, masks, shown, topics }) =>
    topics.flatMap((label) => {
      const topic = masks.topics.indexOf(label);
      if (topic < 0) return [];
      return KINDS.flatMap((kind) =>
        masks.layers.map((layer, at) => {
          const values = [label, words.kindText(masks, kind), layer, words.stateText(shown[kind][topic][at])].map(field);
          return [...(several ? [field(name)] : []), ...values, String(masks.deltas[kind][topic][at] ?? "")];
        }),
      );
    }),
  );
  return [[...(several ? ["model"] : []), ...head].map(field), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}
