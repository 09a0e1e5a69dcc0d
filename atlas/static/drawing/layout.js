/**
 * Where the parts of a scene lie on paper, in points: plots of one row share its width, with the room
 * that their labels need.
 */

import { wideness, wrapped } from "./lettering.js";

/** @typedef {import("./scene.js").Panel} Panel */
/** @typedef {import("./scene.js").Axis} Axis */
/** @typedef {{size: number, title: number, small: number, line: number}} Type sizes of fonts */
/**
 * A panel with its place: of its plot, and of what stands around it.
 * @typedef {object} Placed
 * @property {Panel} panel
 * @property {number} x of the plot
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {string[]} heading lines above it
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
const TICK = 3;

/**
 * @param {Panel[][]} rows
 * @param {number} wide of the paper
 * @param {number} top where the first row begins
 * @returns {{placed: Placed[], bottom: number}}
 */
export function place(rows, wide, top) {
  /** @type {Placed[]} */
  const placed = [];
  for (const { row, many } of rows.flatMap((one) => linesOf(one, wide))) {
    const beside = row.map(({ y }) => roomBeside(y));
    const weights = row.map(({ weight }) => weight ?? 1);
    const missing = many - row.length;
    const free = wide - beside.reduce((sum, one) => sum + one, 0) - missing * beside[0] - GAP * (many - 1) - 4;
    const whole = weights.reduce((sum, one) => sum + one, 0) + missing;
    let left = 0;
    const found = row.map((panel, at) => {
      const width = plotWidth(panel, (free * weights[at]) / whole);
      const one = fill(panel, left, beside[at], width, wide);
      left += beside[at] + (many > 1 && panel.grid ? width : (free * weights[at]) / whole) + GAP;
      return one;
    });
    const headed = Math.max(...found.map(({ heading }) => heading.length)) * TYPE.line;
    for (const one of found) one.y = top + headed + (headed ? 3 : 2);
    placed.push(...found);
    top = Math.max(...found.map(({ y, height, below }) => y + height + below)) + GAP;
  }
  return { placed, bottom: top - GAP };
}

/**
 * A row as the lines that it takes, with how many panels share the width of each.
 * @param {Panel[]} row
 * @param {number} wide
 * @returns {{row: Panel[], many: number}[]}
 */
function linesOf(row, wide) {
  const most = row[0].least ? Math.max(1, Math.floor((wide + GAP) / (row[0].least + GAP))) : row.length;
  const many = Math.ceil(row.length / Math.ceil(row.length / most));
  return Array.from({ length: Math.ceil(row.length / many) }, (_, at) => ({ row: begun(row.slice(at * many, (at + 1) * many)), many }));
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
 * @returns {Placed} with its `y` still to be set
 */
function fill(panel, left, beside, width, wide) {
  const { grid, ratio, x, y, title, note } = panel;
  const most = wide * 0.9;
  let height = width * (ratio ?? PLAIN);
  if (grid && ratio === undefined) height = grid.rows * Math.min(width / grid.columns, CELL_HIGH, most / grid.rows);
  height = Math.max(height, grid ? Math.min(24, grid.rows * 8) : 60, roomForNames(y));
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
 */
function heading(title, note, room) {
  if (!title || !note) return wrapped(title || note, room, TYPE.panel, true);
  if (wideness(`${title} `, TYPE.panel, true) + wideness(` ${note}`, TYPE.label) <= room) return [`${title} ${note}`];
  return [...wrapped(title, room, TYPE.panel, true), ...wrapped(note, room, TYPE.label)];
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

/** @param {Axis} axis */
function isNumbered({ ticks }) {
  return ticks.every(({ label }) => /^[−-]?[\d.,]+%?$/.test(label));
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
  const apart = (TYPE.label + 1) * 1.2;
  const room = (/** @type {import("./scene.js").Tick[]} */ some) =>
    some.every(({ at }, index) => !some[index + 1] || Math.abs(shareOf(axis, some[index + 1].at) - shareOf(axis, at)) * width >= apart);
  return { ticks: thinned(ticks, room), turned: true };
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
