/**
 * What the colours of a scene mean: colour bars with a title and ticks below its panels or upright beside
 * them, classes in rows.
 */

import { TYPE } from "./layout.js";
import { wideness, wrapped } from "./lettering.js";
import { FAINT, LINE, round, said } from "./marks.js";

/** @typedef {import("./scene.js").Key} Key */

const [BAR_WIDE, BAR_HIGH, BOX, GAP] = [150, 7, 7, 10];
/** Height of an upright bar, as far as panels are as high, at most and at least; length of a line of its title. */
const [UPRIGHT, LOW, LONG] = [150, 60, 220];
const STEPS = 64;

/** @typedef {Key & {kind: "bar"}} Bar */

/**
 * The bars that stand upright beside the panels.
 * @param {Key[]} all
 * @returns {Bar[]}
 */
export function besides(all) {
  return all.filter((key) => key.kind === "bar").filter(({ beside }) => beside);
}

/**
 * @param {Bar} bar
 * @returns {number} the room that an upright bar takes, with the gap before it
 */
export function roomUpright({ title, ticks }) {
  const labels = ticks.length ? Math.max(...ticks.map(({ label }) => wideness(label, TYPE.label))) + 6 : 0;
  return GAP + BAR_HIGH + labels + wrapped(title, LONG, TYPE.label).length * TYPE.line;
}

/**
 * A colour bar that stands upright, its lowest value at the bottom and its title along it.
 * @param {Bar} bar
 * @param {number} left
 * @param {number} top
 * @param {number} most its height at most
 * @returns {{marks: string[], bottom: number}}
 */
export function upright(bar, left, top, most) {
  const high = Math.max(LOW, Math.min(UPRIGHT, most));
  const x = left + GAP;
  const marks = strip(bar.palette, (from, to) => ({ x, y: top + (1 - to) * high, width: BAR_HIGH, height: (to - from) * high + 0.2 }));
  let free = Infinity;
  for (const { at, label } of bar.ticks) {
    const y = top + (1 - at) * high;
    if (y > free) continue;
    free = y - TYPE.label - 1;
    marks.push(`<path d="M${round(x + BAR_HIGH)} ${round(y)}h2.5" stroke="${LINE}" stroke-width="0.5"/>`);
    marks.push(said(label, x + BAR_HIGH + 4, y + 2.5, {}));
  }
  const lines = wrapped(bar.title, LONG, TYPE.label);
  const long = Math.max(high, ...lines.map((line) => wideness(line, TYPE.label)));
  for (const [at, line] of lines.entries()) {
    const along = left + roomUpright(bar) - 2 - (lines.length - 1 - at) * TYPE.line;
    marks.push(said(line, along, top + long / 2, { colour: FAINT, anchor: "middle", turned: -90 }));
  }
  return { marks, bottom: top + long };
}

/**
 * @param {string[]} palette
 * @param {(from: number, to: number) => {x: number, y: number, width: number, height: number}} box of a
 *   step between two shares of the bar
 */
function strip(palette, box) {
  return Array.from({ length: STEPS }, (_, at) => {
    const { x, y, width, height } = box(at / STEPS, (at + 1) / STEPS);
    const colour = palette[Math.floor(((at + 0.5) / STEPS) * palette.length)];
    return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${colour}"/>`;
  });
}

/**
 * @param {Key[]} all
 * @param {number} room
 * @param {number} top
 * @param {string} hatch the pattern of what has no value
 * @returns {{marks: string[], bottom: number}}
 */
export function keys(all, room, top, hatch) {
  const marks = [];
  const below = all.filter((key) => !(key.kind === "bar" && key.beside));
  for (const key of below) {
    const found = key.kind === "bar" ? bar(key, room, top) : classes(key, room, top, hatch);
    marks.push(...found.marks);
    top = found.bottom + 6;
  }
  return { marks, bottom: below.length ? top - 6 : top - 8 };
}

/**
 * @param {Key & {kind: "bar"}} key
 * @param {number} room
 * @param {number} top
 */
function bar({ title, palette, ticks }, room, top) {
  const wide = Math.min(BAR_WIDE, room);
  const marks = title ? [said(title, 0, top + TYPE.label, { colour: FAINT })] : [];
  const y = top + (title ? TYPE.line + 1 : 0);
  marks.push(...strip(palette, (from, to) => ({ x: from * wide, y, width: (to - from) * wide + (to < 1 ? 0.4 : 0), height: BAR_HIGH })));
  let free = -Infinity;
  for (const { at, label } of ticks) {
    const half = wideness(label, TYPE.label) / 2;
    const x = Math.min(room - half, Math.max(half, at * wide));
    if (x - half < free + 3) continue;
    free = x + half;
    marks.push(`<path d="M${round(at * wide)} ${round(y + BAR_HIGH)}v2.5" stroke="${LINE}" stroke-width="0.5"/>`);
    marks.push(said(label, x, y + BAR_HIGH + 3 + TYPE.label, { anchor: "middle" }));
  }
  return { marks, bottom: y + BAR_HIGH + (ticks.length ? 4 + TYPE.label : 0) };
}

/**
 * @param {Key & {kind: "classes"}} key
 * @param {number} room
 * @param {number} top
 * @param {string} hatch
 */
function classes({ title, classes: all }, room, top, hatch) {
  const marks = [];
  let [x, y] = [0, top];
  if (title) {
    marks.push(said(title, 0, y + BOX - 1, { colour: FAINT }));
    x = wideness(title, TYPE.label) + GAP;
  }
  for (const { label, colour, mark } of all) {
    const wide = BOX + 4 + wideness(label, TYPE.label);
    if (x > 0 && x + wide > room) [x, y] = [0, y + TYPE.line + 2];
    const fill = colour ?? `url(#${hatch})`;
    if (mark === "line") marks.push(`<path d="M${round(x)} ${round(y + BOX / 2)}h${BOX}" stroke="${fill}" stroke-width="1.5"/>`);
    else if (mark === "dot") marks.push(`<circle cx="${round(x + BOX / 2)}" cy="${round(y + BOX / 2)}" r="2" fill="${fill}"/>`);
    else marks.push(`<rect x="${round(x)}" y="${round(y)}" width="${BOX}" height="${BOX}" fill="${fill}" stroke="#808080" stroke-width="0.4"/>`);
    marks.push(said(label, x + BOX + 4, y + BOX - 1, {}));
    x += wide + GAP;
  }
  return { marks, bottom: y + TYPE.line };
}
