/**
 * The comparison as one drawing: what screen, files and paper have in common.
 */

import { columnTicks, rowTicks } from "./boxes.js";
import { hatchText } from "./colour-key.js";
import { differingText } from "./differing-words.js";
import { countsSentence, summary } from "./sentences.js";
import { quantity, scaleText, unsureKey } from "./words.js";
import { colourOf } from "../drawing/scene.js";
import { direction, isWhole } from "../matrix/numbers.js";
import { DOT } from "../panels/stipple.js";

/** @typedef {import("./scene.js").Scene} Comparison */
/** @typedef {import("./scene.js").Sheet} Sheet */
/** @typedef {import("./panel.js").Content} Content */
/** @typedef {import("../drawing/scene.js").Scene} Scene */
/** @typedef {import("../drawing/scene.js").Panel} Panel */
/** @typedef {import("../drawing/scene.js").Axis} Axis */
/** @typedef {import("../drawing/scene.js").Key} Key */

/** Height of a cell by its width where columns have names. */
const FLAT = 0.4;
/** Plots of unlike grids are as high as the largest asks for, within these shares of their width. */
const [LOWEST, HIGHEST] = [0.45, 1.2];

/**
 * @param {Comparison} comparison
 * @param {Content[][]} contents what the panels of every sheet show
 * @param {string[]} told what the page says about the comparison
 * @returns {Scene}
 */
export function drawing({ sheets, models }, contents, told) {
  const [{ matrix }] = models;
  const sure = sheets.map(({ view }) => view).find((view) => view !== "values");
  return {
    title: [matrix.title, sure && !isWhole(matrix) ? sure : ""].filter(Boolean).join(": "),
    caption: [...sheets.flatMap(sentences), ...told, ...models.flatMap(unlike), sources(models)],
    rows: sheets.flatMap((sheet, at) => rows(contents[at])),
    keys: sheets.flatMap((sheet, at) => keys(sheet, contents[at][0].palette)),
  };
}

/**
 * @param {Sheet} sheet
 * @returns {string[]}
 */
function sentences(sheet) {
  const { matrix } = sheet.group.models[0];
  if (!sheet.labels.length) return [summary(sheet), `${scaleText(sheet)}. ${direction(matrix)}.`];
  return [sheet.view === "values" ? countsSentence(sheet) : summary(sheet)];
}

/**
 * Why a model's values are not subtracted from the baseline's.
 * @param {Comparison["models"][number]} model
 * @returns {string[]}
 */
function unlike({ name, obstacles }) {
  return obstacles.length ? [`${name} was measured differently from the baseline: ${obstacles.map(differingText).join("; ")}.`] : [];
}

/**
 * Which files and which revisions of models are compared.
 * @param {Comparison["models"]} models
 */
function sources(models) {
  const told = models.map(({ slug, profile }) => {
    const { revision, digest } = profile.model ?? {};
    const pin = revision ? `, revision ${revision.slice(0, 12)}` : digest ? `, ${digest.slice(0, 19)}` : "";
    return `${slug}/${profile.analysis}.json, version ${profile.version}${pin}`;
  });
  return `${told.length > 1 ? "Sources" : "Source"}: ${told.join("; ")}.`;
}

/**
 * Panels of a sheet, two in a row, or three where that leaves none alone.
 * @param {Content[]} contents
 * @returns {Panel[][]}
 */
function rows(contents) {
  const across = contents.length % 3 && contents.length !== 5 ? Math.min(2, contents.length) : 3;
  const ratio = contents.some(({ frame }) => shape(frame) !== shape(contents[0].frame)) ? common(contents) : undefined;
  const panels = contents.map((content) => panel(content, ratio));
  const last = panels[panels.length - 1];
  while (panels.length % across) panels.push({ ...last, blank: true });
  return Array.from({ length: panels.length / across }, (_, at) => panels.slice(at * across, (at + 1) * across));
}

/** @param {Content["frame"]} frame */
function shape({ rows, columns }) {
  return `${rows.labels.length} ${columns.labels.length}`;
}

/**
 * Height by width of plots of unlike grids.
 * @param {Content[]} contents
 */
function common(contents) {
  const most = (/** @type {"rows"|"columns"} */ side) => Math.max(...contents.map(({ frame }) => frame[side].labels.length));
  const cell = contents.every(({ box }) => !box.turned) ? 1 : FLAT;
  return Math.min(HIGHEST, Math.max(LOWEST, (cell * most("rows")) / most("columns")));
}

/**
 * @param {Content} content
 * @param {number} [ratio]
 * @returns {Panel}
 */
function panel({ title, note, frame, shares, palette, unsure, box }, ratio) {
  const [high, wide] = [frame.rows.labels.length, frame.columns.labels.length];
  /** @type {Axis} */
  const x = { title: frame.columns.title, from: -0.5, to: wide - 0.5, ticks: columnTicks(frame.columns, box) };
  /** @type {Axis} */
  const y = { title: frame.rows.title, from: high - 0.5, to: -0.5, ticks: rowTicks(frame.rows, box) };
  const colours = Array.from(shares, (share) => colourOf(palette, share));
  return { title, note, x, y, grid: { rows: high, columns: wide, colours, dotted: unsure }, ratio };
}

/**
 * @param {Sheet} sheet
 * @param {string[]} palette
 * @returns {Key[]}
 */
function keys(sheet, palette) {
  const { labels, coloured } = sheet;
  const [hatch, unsure] = [hatchText(sheet), unsureKey(sheet)];
  /** @type {import("../drawing/scene.js").Class[]} */
  const marks = [
    ...(hatch ? [{ label: hatch, colour: null }] : []),
    ...(unsure ? [{ label: `dotted: ${unsure}`, colour: DOT, mark: /** @type {const} */ ("dot") }] : []),
  ];
  if (labels.length) {
    const classes = labels.map((label, at) => ({ label, colour: palette[at] }));
    return [{ kind: "classes", title: "", classes: [...classes, ...marks] }];
  }
  /** @type {Key[]} */
  const found = [{ kind: "bar", title: quantity(sheet), palette, ticks: coloured.ticks }];
  return marks.length ? [...found, { kind: "classes", title: "", classes: marks }] : found;
}
