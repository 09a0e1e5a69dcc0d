/**
 * The points of the page of heads as a scene: what the reader has chosen, for files and for paper.
 */

import { counted, number } from "../matrix/numbers.js";
import { STEPS, stepOf } from "../matrix/scales.js";
import { linearTicks, logTicks } from "../matrix/ticks.js";
import { siteName } from "../shell/atlas-told.js";

/** @typedef {import("./cloud.js").HeadCloud} HeadCloud */
/** @typedef {import("./bundle.js").Score} Score */

const CLEAR = 6; // steps beyond the ends of an axis, so that points at an end are whole
const RATIO = 0.45; // height of the plot by its width
const SMALLER = 0.32; // points of paper for the width of a point on the screen

/**
 * The values that an axis labels, at their steps.
 * @param {Score} score
 * @returns {{at: number, label: string}[]}
 */
export function ticksOf(score) {
  const { low, high, transform, kind } = score;
  const wish = { whole: kind === "counts" };
  const values = transform === "log" ? logTicks(low, high, wish) : linearTicks(low, high, wish);
  return values.map((value) => ({ at: stepOf(score, value), label: number(value) }));
}

/** A score with its unit. @param {Score} score */
export function titled({ title, unit }) {
  return `${title} (${unit})`;
}

/**
 * @param {HeadCloud} cloud
 * @param {string[]} chosen which heads, in sentences
 * @returns {import("../drawing/scene.js").Scene}
 */
export function scene(cloud, chosen) {
  const { across, up } = /** @type {import("./cloud.js").Axes} */ (cloud.axes);
  const { beyond, x } = cloud.across();
  const colours = cloud.coloured(true);
  const points = Array.from(cloud.heads, (head, at) => ({
    x: x(head),
    y: up.steps[head],
    colour: cloud.colourAt(at, colours),
    size: cloud.size * SMALLER,
  }));
  return {
    title: `${up.score.title} of ${counted(cloud.heads.length, "attention head")}`,
    caption: [...chosen, `Each point is a head; values are rounded to the 255 steps of a scale. Source: ${siteName()}, heads/bundle.json.`],
    rows: [
      [
        {
          title: "",
          x: { title: titled(across.score), from: -beyond - CLEAR, to: STEPS + beyond + CLEAR, ticks: ticksOf(across.score) },
          y: { title: titled(up.score), from: -CLEAR, to: STEPS + CLEAR, ticks: ticksOf(up.score) },
          points,
          empty: points.length ? undefined : "No head fits.",
          ratio: RATIO,
        },
      ],
    ],
    keys: [...key(cloud, colours)],
  };
}

/**
 * @param {HeadCloud} cloud
 * @param {string[]} colours by step
 * @returns {Generator<import("../drawing/scene.js").Key>}
 */
function* key(cloud, colours) {
  const { shade, classes } = /** @type {import("./cloud.js").Axes} */ (cloud.axes);
  if (shade) {
    const ticks = ticksOf(shade.score).map(({ at, label }) => ({ at: at / STEPS, label }));
    yield { kind: "bar", title: titled(shade.score), palette: cloud.palettes[shade.score.kind], ticks };
  } else if (classes) yield { kind: "classes", title: "Categories", classes: cloud.classes(colours).map((one) => ({ ...one, mark: "dot" })) };
}
