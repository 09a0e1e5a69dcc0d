/**
 * The heads of a model by their scores as a scene and as CSV: the points and the small maps, as they are
 * shown now.
 */

import { across, down } from "../drawing/scene.js";
import { modelName, source } from "../drawing/source.js";
import { field, grouped, number } from "../matrix/numbers.js";
import { axisScale } from "../plots/points.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("./scatter.js").Scatter} Scatter */
/** @typedef {[number, number]} Ends of a scale */

const CLEAR = 0.025; // of an axis beyond its ends, so that points at an end are whole
const RATIO = 0.5; // height of the plot by its width
const LEAST = 92; // points that a small map takes, at least
const SMALLER = 0.6; // points of paper for a pixel of the screen

/**
 * @param {Scatter} scatter
 * @param {any} profile `attention.json`
 * @returns {import("../drawing/scene.js").Exported}
 */
export function exported(scatter, profile) {
  return { scene: scene(scatter, profile), file: `${profile.model.slug}.attention.heads`, csv: () => csv(scatter) };
}

/**
 * @param {Scatter} scatter
 * @param {any} profile
 * @returns {import("../drawing/scene.js").Scene}
 */
function scene(scatter, profile) {
  const shade = scatter.score(scatter.shade);
  const [low, high] = scatter.ends(shade);
  const ticks = axisScale([low, high], 0, 1);
  return {
    title: `Attention heads of ${modelName()} by their scores`,
    caption: [
      `Each point is a head; its colour: ${titled(shade)}. In the maps, which show every score over its own range, layers run across and heads down.`,
      ...measured(profile),
      source(profile),
    ],
    rows: [[plot(scatter)], scatter.maps.maps.map(({ matrix }) => map(scatter, matrix))],
    keys: [
      {
        kind: "bar",
        title: titled(shade),
        palette: scatter.palette,
        ticks: ticks.ticks.map(({ at, label }) => ({ at: ticks.at(at), label })),
      },
    ],
  };
}

/** What text the scores were measured on. @param {any} profile */
function* measured({ conditions: { corpus, passages, tokens } }) {
  if (corpus) yield `Measured on the corpus ${corpus}: ${grouped(passages)} passages, ${grouped(tokens)} tokens.`;
}

/** A score with its unit. @param {Matrix} matrix */
export function titled({ title, unit }) {
  return `${title} (${unit})`;
}

/** @param {Scatter} scatter @returns {import("../drawing/scene.js").Panel} */
function plot(scatter) {
  const [x, y, shade] = [scatter.x, scatter.y, scatter.shade].map((select) => scatter.score(select));
  const points = scatter.heads.map((at) => ({
    x: Number(scatter.value(x, at)),
    y: Number(scatter.value(y, at)),
    colour: scatter.colour(shade, at, NONE),
    size: scatter.size * SMALLER,
  }));
  return { title: "", x: axis(x, scatter.ends(x)), y: axis(y, scatter.ends(y)), points, ratio: RATIO };
}

/** What a head without a score as colour is drawn in, on paper. */
const NONE = "#c6ccd6";

/**
 * @param {Matrix} matrix
 * @param {Ends} ends
 * @returns {import("../drawing/scene.js").Axis}
 */
function axis(matrix, [low, high]) {
  const beyond = (high - low || 1) * CLEAR;
  return { title: titled(matrix), from: low - beyond, to: high + beyond, ticks: axisScale([low, high], 0, 1).ticks };
}

/**
 * @param {Scatter} scatter
 * @param {Matrix} matrix
 * @returns {import("../drawing/scene.js").Panel}
 */
function map(scatter, matrix) {
  const { rows, columns } = matrix;
  const [layers, heads] = scatter.maps.labelled;
  const colours = columns.flatMap((_, head) =>
    rows.map((_, layer) => scatter.colour(matrix, layer * columns.length + head, null)),
  );
  return {
    title: matrix.title,
    note: rangeText(scatter.ends(matrix)),
    x: across("Layer", rows, layers),
    y: down("Head", columns, heads),
    grid: { rows: columns.length, columns: rows.length, colours },
    least: LEAST,
  };
}

/** What the colours of a map span. @param {Ends} ends */
export function rangeText([low, high]) {
  return `${number(low)} to ${number(high)}`;
}

/**
 * A head a line, with all of its scores.
 * @param {Scatter} scatter
 */
function csv({ scores, labels }) {
  const top = ["layer", "head", ...scores.map(({ title }) => title)];
  const lines = labels.rows.flatMap((layer, row) =>
    labels.columns.map((head, column) => [layer, head, ...scores.map(({ values }) => String(values[row][column] ?? ""))]),
  );
  return [top, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}
