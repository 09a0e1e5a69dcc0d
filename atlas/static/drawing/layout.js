/**
 * Where the parts of a scene lie on paper, in points: plots of one row share its width, with the room
 * that their labels need.
 */

import { wideness, wrapped } from "./lettering.js";

/** @typedef {import("./scene.js").Panel} Panel */
/** @typedef {import("./scene.js").Axis} Axis */
/** @typedef {{title: string[], note: string[], isOneLine: boolean}} Heading lines of its title and of its note, which may both stand in one */
/**
 * A panel with its place: of its plot, and of what stands around it.
 * @typedef {object} Placed
 * @property {Panel} panel
 * @property {number} x of the plot
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {Heading} heading above it
 * @property {number} left where its heading begins
 * @property {import("./scene.js").Tick[]} columns ticks that there is room for
 * @property {import("./scene.js").Tick[]} rows
 * @property {boolean} turned labels of columns
 * @property {number} below room that labels and title of its x axis take
 * @property {number} beside room that labels and title of its y axis take
 */

/** Font sizes in points: labels, the figure's title, a line. */
export const TYPE = { label: 7, title: 9, panel: 7.5, line: 9 };
const GAP = 10;
const [CELL_WIDE, CELL_HIGH] = [40, 24];
/** Height of a plot of lines or points by its width. */
const PLAIN = 0.55;
/** Height of a plot of many rows by its width, at most, and what it may have in any case. */
const [TALL, LOW] = [1.05, 160];
const TICK = 3;
/** A figure's height by its width, at most: what a column of a page holds. */
const TALLEST = 2.5;
/** Share of their height that plots keep for that; what is taller still goes over several pages. */
const LEAST = 0.35;
/** Width that a plot of cells, and one of lines or points, has at least: with less, a row becomes two. */
const [NARROW, NARROW_PLAIN] = [64, 130];
/** How far apart names that lean begin, by their size. */
const LEANING = 1.28;

/**
 * @param {Panel[][]} rows
 * @param {number} wide of the paper
 * @param {number} top where the first row begins
 * @returns {{placed: Placed[], bottom: number}}
 */
export function place(rows, wide, top) {
  const lines = rows.flatMap((row) => linesOf(row, wide));
  const found = placeLines(lines, wide, top, 1);
  const [tall, most] = [found.bottom - top, wide * TALLEST];
  if (tall <= most) return found;
  const plots = found.heights.reduce((sum, one) => sum + one, 0);
  const squeeze = 1 - (tall - most) / plots;
  return squeeze < LEAST ? found : placeLines(lines, wide, top, squeeze);
}

/**
 * A row of panels as the lines that it takes: more than one where a plot would be too narrow, or the
 * names of its columns would not all fit.
 * @param {Panel[]} row
 * @param {number} wide
 * @returns {{panels: Panel[], many: number}[]} many: how many panels share the width of a line
 */
function linesOf(row, wide) {
  const most = row[0].least ? Math.max(1, Math.floor((wide + GAP) / (row[0].least + GAP))) : row.length;
  for (let count = Math.ceil(row.length / most); ; count += 1) {
    const many = Math.ceil(row.length / count);
    const lines = Array.from({ length: Math.ceil(row.length / many) }, (_, at) => ({ panels: begun(row.slice(at * many, (at + 1) * many)), many }));
    if (many === 1 || lines.every((line) => isRoomy(line, wide))) return lines;
  }
}

/**
 * Whether plots are wide enough, and no name of a column is left out.
 * @param {{panels: Panel[], many: number}} line
 * @param {number} wide
 */
function isRoomy({ panels, many }, wide) {
  const widths = shares(panels, many, wide);
  return panels.every(({ x, grid }, at) => {
    const isNamed = isNumbered(x) || labelsBelow(x, widths[at]).ticks.length === x.ticks.length;
    return isNamed && widths[at] >= (grid ? NARROW : NARROW_PLAIN);
  });
}

/**
 * The width of each panel's plot where `many` of them stand side by side, of which some may be missing.
 * @param {Panel[]} panels
 * @param {number} many
 * @param {number} wide
 */
function shares(panels, many, wide) {
  const [beside, weights] = [panels.map(({ y }) => roomBeside(y)), panels.map(({ weight }) => weight ?? 1)];
  const whole = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) + (many - all.length) * all[all.length - 1];
  const free = wide - whole(beside) - GAP * (many - 1) - 4;
  return weights.map((weight) => (free * weight) / whole(weights));
}

/**
 * @param {{panels: Panel[], many: number}[]} lines
 * @param {number} wide
 * @param {number} top
 * @param {number} squeeze by which plots are less high than they would be
 */
function placeLines(lines, wide, top, squeeze) {
  /** @type {Placed[]} */
  const placed = [];
  const heights = [];
  for (const { panels, many } of lines) {
    const widths = shares(panels, many, wide);
    let left = 0;
    const found = panels.map((panel, at) => {
      const [beside, width] = [roomBeside(panel.y), plotWidth(panel, widths[at])];
      const one = fill(panel, left, beside, width, wide, squeeze);
      left += beside + (many > 1 && panel.grid ? width : widths[at]) + GAP;
      return one;
    });
    const headed = Math.max(...found.map(({ heading }) => linesIn(heading))) * TYPE.line;
    for (const one of found) one.y = top + headed + (headed ? 3 : 2);
    placed.push(...found);
    heights.push(Math.max(...found.map(({ height }) => height)));
    top = Math.max(...found.map(({ y, height, below }) => y + height + below)) + GAP;
  }
  return { placed, bottom: top - GAP, heights };
}

/**
 * A line of panels, of which those that are alike have the labels of the first one.
 * @param {Panel[]} row
 * @returns {Panel[]}
 */
function begun(row) {
  return row.map((panel, at) => (at && panel.alike ? { ...panel, y: { ...panel.y, title: "", ticks: [] } } : panel));
}

/**
 * @param {Panel} panel
 * @param {number} room
 */
function plotWidth({ grid, ratio }, room) {
  return grid && ratio === undefined ? Math.min(room, grid.columns * CELL_WIDE) : room;
}

/**
 * @param {Panel} panel
 * @param {number} left
 * @param {number} beside
 * @param {number} width
 * @param {number} wide of the paper
 * @param {number} squeeze
 * @returns {Placed} with its `y` still to be set
 */
function fill(panel, left, beside, width, wide, squeeze) {
  const { grid, ratio, x, y, title, note } = panel;
  const most = Math.min(wide * 0.9, Math.max(width * TALL, LOW));
  let height = width * (ratio ?? PLAIN);
  if (grid && ratio === undefined) height = grid.rows * Math.min(width / grid.columns, CELL_HIGH, most / grid.rows);
  height = Math.max(height * squeeze, grid ? Math.min(24, grid.rows * 8) : 60, roomForNames(y));
  const { ticks: columns, turned } = labelsBelow(x, width);
  const high = turned ? Math.max(0, ...columns.map(({ label }) => wideness(label, TYPE.label))) * 0.71 + 5 : TYPE.label;
  return {
    panel,
    ...{ x: left + beside, y: 0, width, height, left, columns, turned, beside },
    heading: heading(title, note ?? "", beside + width),
    rows: labelsBeside(y, height),
    below: (columns.length ? TICK + 2 + high : 0) + (x.title ? TYPE.line + 1 : 0),
  };
}

/**
 * The lines above a panel: its title and the note beside it, or the note below it.
 * @param {string} title
 * @param {string} note
 * @param {number} room
 * @returns {Heading}
 */
function heading(title, note, room) {
  const isOneLine = Boolean(title && note) && wideness(`${title} `, TYPE.panel, true) + wideness(` ${note}`, TYPE.label) <= room - 3;
  return { title: wrapped(title, room, TYPE.panel, true), note: wrapped(note, room, TYPE.label), isOneLine };
}

/** @param {Heading} heading */
export function linesIn({ title, note, isOneLine }) {
  return isOneLine ? 1 : title.length + note.length;
}

/** @param {Axis} axis */
function roomBeside({ title, ticks }) {
  const labels = ticks.length ? Math.max(...ticks.map(({ label }) => wideness(label, TYPE.label))) + TICK + 2 : 0;
  return labels + (title ? TYPE.line + 1 : 0) + 1;
}

/**
 * The height that names of rows take: of numbers, some can be left out.
 * @param {Axis} axis
 */
function roomForNames(axis) {
  if (isNumbered(axis) || axis.ticks.length < 2) return 0;
  const apart = axis.ticks.slice(1).map(({ at }, before) => Math.abs(shareOf(axis, at) - shareOf(axis, axis.ticks[before].at)));
  return (TYPE.label + 1) / Math.min(...apart);
}

/**
 * The place of a value on an axis, from 0 to 1.
 * @param {Axis} axis
 * @param {number} value
 */
export function shareOf({ from, to }, value) {
  return (value - from) / (to - from);
}

/**
 * Labels stand upright where they fit, all of them or every second, third ... number; names turn.
 * @param {Axis} axis
 * @param {number} width
 */
function labelsBelow(axis, width) {
  const { ticks } = axis;
  const fits = (/** @type {import("./scene.js").Tick[]} */ some) =>
    some.every(({ at, label }, index) => {
      const next = some[index + 1];
      if (!next) return true;
      const apart = Math.abs(shareOf(axis, next.at) - shareOf(axis, at)) * width;
      return (wideness(label, TYPE.label) + wideness(next.label, TYPE.label)) / 2 + 3 <= apart;
    });
  if (fits(ticks)) return { ticks, turned: false };
  if (isNumbered(axis)) return { ticks: thinned(ticks, fits), turned: false };
  const apart = TYPE.label * LEANING;
  const room = (/** @type {import("./scene.js").Tick[]} */ some) =>
    some.every(({ at }, index) => !some[index + 1] || Math.abs(shareOf(axis, some[index + 1].at) - shareOf(axis, at)) * width >= apart);
  return { ticks: thinned(ticks, room), turned: true };
}

/** Whether every second label may be left out: of numbers, not of names. @param {Axis} axis */
function isNumbered({ ticks }) {
  return ticks.every(({ label }) => /^[−-]?[\d.,]+%?$/.test(label));
}

/**
 * @param {Axis} axis
 * @param {number} height
 */
function labelsBeside(axis, height) {
  const apart = (/** @type {import("./scene.js").Tick} */ one, /** @type {import("./scene.js").Tick} */ other) =>
    Math.abs(shareOf(axis, one.at) - shareOf(axis, other.at)) * height;
  return thinned(axis.ticks, (some) => some.every((tick, at) => !some[at + 1] || apart(tick, some[at + 1]) >= TYPE.label + 0.5));
}

/**
 * Every tick, or every second, third ... until they fit.
 * @param {import("./scene.js").Tick[]} ticks
 * @param {(some: import("./scene.js").Tick[]) => boolean} fits
 */
function thinned(ticks, fits) {
  for (let step = 1; step < ticks.length; step += 1) {
    const some = ticks.filter((_, at) => at % step === 0);
    if (fits(some)) return some;
  }
  return ticks.slice(0, 1);
}
