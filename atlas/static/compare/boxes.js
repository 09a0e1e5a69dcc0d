/**
 * How large panels are, and which of their lines have a label: on the screen and, of labels, in files.
 */

import { CHARACTER, cutLabels, every, roomBelow, widest } from "../matrix/labels.js";
import { numeric } from "../matrix/numbers.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Side} Side */
/** @typedef {import("../drawing/scene.js").Tick} Tick */
/** @typedef {{width: number, height: number, left: number, below: number, turned: boolean, lines: boolean}} Box in pixels; turned: labels of columns; lines: between cells */

const DEPTH = 30; // pixels that a relative depth takes
const MAP = 260; // pixels that a map of heads is wide at least, where it has cells for that
const RIGHT = 8;
const LINED = 14; // pixels from which on a cell has room for lines around it
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

/**
 * One size for all panels of a sheet, so that a row has as many as can be read.
 * @param {Frame[]} frames
 * @param {number} room width of the page, in pixels
 * @param {number} gap between them
 * @returns {Box}
 */
export function boxOf(frames, room, gap) {
  const most = (/** @type {(frame: Frame) => number} */ size) => Math.max(...frames.map(size));
  const numbered = frames.every(({ columns }) => isNumbered(columns));
  const words = most(({ columns }) => widest(columns.labels));
  const [wide, high] = [most(({ columns }) => columns.labels.length), most(({ rows }) => rows.labels.length)];
  const left = Math.min(170, 34 + Math.max(DEPTH, most(({ rows }) => widest(rows.labels))));
  const cell = numbered ? 44 : Math.max(44, Math.min(96, words + 10));
  const narrow = numbered ? Math.max(150, wide * 5, Math.min(MAP, wide * cell)) : Math.max(150, wide * 15);
  const least = narrow + left + RIGHT;
  const fitting = Math.max(1, Math.min(frames.length, Math.floor((room + gap) / (least + gap))));
  const across = Math.ceil(frames.length / Math.ceil(frames.length / fitting));
  const space = Math.floor((room - gap * (across - 1)) / across) - left - RIGHT;
  const width = Math.max(60, Math.min(space, wide * cell));
  const turned = !numbered && frames.some(({ columns: { labels } }) => width / labels.length < widest(labels) + 4);
  const height = high * Math.min(28, Math.max(5, Math.round(400 / high)));
  const lines = width / wide >= LINED && height / high >= LINED / 1.5;
  return { width, height, left, lines, below: turned ? Math.max(...frames.map(({ columns }) => roomBelow(columns.labels))) : 46, turned };
}

/**
 * The labels beside a panel: those of its rows that there is room for.
 * @param {Side} side
 * @param {Box} box
 */
export function rowTicks(side, { height }) {
  return ticks(side, every(side.labels.length, height, numeric(side.labels) ? 24 : 13));
}

/**
 * The labels below a panel.
 * @param {Side} side
 * @param {Box} box
 */
export function columnTicks(side, { width, turned }) {
  const least = turned ? 13 : isNumbered(side) ? widest(side.labels) + 3 * CHARACTER : 0;
  return ticks(side, every(side.labels.length, width, least));
}

/**
 * Relative depth has a tick at each quarter, wherever lines lie.
 * @param {Side} side
 * @param {number[]} shown
 * @returns {Tick[]}
 */
function ticks({ deep, labels }, shown) {
  const last = labels.length - 1;
  if (deep && last) return QUARTERS.map((depth) => ({ at: depth * last, label: String(depth) }));
  const cut = cutLabels(labels);
  return shown.map((at) => ({ at, label: String(cut.get(at)) }));
}

/** @param {Side} side */
function isNumbered({ deep, labels }) {
  return deep || numeric(labels);
}
