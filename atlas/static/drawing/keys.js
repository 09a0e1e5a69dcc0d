/**
 * What the colours of a scene mean, below its panels: colour bars with a title and ticks, classes in rows.
 */

import { TYPE } from "./layout.js";
import { wideness } from "./lettering.js";
import { FAINT, round, said } from "./marks.js";

/** @typedef {import("./scene.js").Key} Key */

const [BAR_WIDE, BAR_HIGH, BOX, GAP] = [150, 7, 7, 10];
const STEPS = 64;

/**
 * @param {Key[]} all
 * @param {number} room
 * @param {number} top
 * @param {string} hatch the pattern of what has no value
 * @returns {{marks: string[], bottom: number}}
 */
export function keys(all, room, top, hatch) {
  const marks = [];
  for (const key of all) {
    const found = key.kind === "bar" ? bar(key, room, top) : classes(key, room, top, hatch);
    marks.push(...found.marks);
    top = found.bottom + 6;
  }
  return { marks, bottom: all.length ? top - 6 : top - 8 };
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
  for (let at = 0; at < STEPS; at += 1) {
    const colour = palette[Math.floor(((at + 0.5) / STEPS) * palette.length)];
    marks.push(`<rect x="${round((at * wide) / STEPS)}" y="${round(y)}" width="${round(wide / STEPS + (at < STEPS - 1 ? 0.4 : 0))}" height="${BAR_HIGH}" fill="${colour}"/>`);
  }
  let free = -Infinity;
  for (const { at, label } of ticks) {
    const half = wideness(label, TYPE.label) / 2;
    const x = Math.min(room - half, Math.max(half, at * wide));
    if (x - half < free + 3) continue;
    free = x + half;
    marks.push(`<path d="M${round(at * wide)} ${round(y + BAR_HIGH)}v2.5" stroke="#8a93a3" stroke-width="0.5"/>`);
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
