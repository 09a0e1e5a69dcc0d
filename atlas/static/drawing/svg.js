/**
 * A scene as an SVG document in points: for files, for paper, and for other people's pages.
 */

import { besides, keys, roomUpright, upright } from "./keys.js";
import { TYPE, linesIn, place, shareOf } from "./layout.js";
import { wrapped } from "./lettering.js";
import { absentMark, FAINT, INK, LINE, drawn, round, said } from "./marks.js";
import { AROUND, DOT, RIM, dots, radius } from "../panels/stipple.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./layout.js").Placed} Placed */

const POINTS = 72 / 25.4; // points in a millimetre
const MARGIN = 4;
/** Width of the gap before columns that stand apart. */
const APART = 3;

/** Drawings so far, for names of patterns that are each document's own. */
let count = 0;

/**
 * @param {Scene} scene
 * @param {{width: number, caption: boolean}} options width in millimetres
 * @returns {string} an SVG document on white
 */
export function svg(scene, { width, caption }) {
  const hatch = `atlas-hatch-${(count += 1)}`;
  const all = width * POINTS;
  const room = all - 2 * MARGIN;
  const title = wrapped(scene.title, room, TYPE.title, true);
  const bars = besides(scene.keys);
  const free = room - bars.reduce((sum, bar) => sum + roomUpright(bar), 0);
  const { placed, bottom } = place(scene.rows, free, title.length * (TYPE.title + 2) + 4);
  const stood = standing(bars, free, placed);
  const keyed = keys(scene.keys, room, Math.max(bottom, ...stood.map((one) => one.bottom)) + 8, hatch);
  const words = caption ? scene.caption.flatMap((line) => wrapped(line, room, TYPE.label)) : [];
  const tall = keyed.bottom + (words.length ? 4 : 0) + words.length * TYPE.line + MARGIN * 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${round(tall / POINTS)}mm" viewBox="0 0 ${round(all)} ${round(tall)}" font-family="Arial, Helvetica, sans-serif" font-size="${TYPE.label}" fill="${INK}">`,
    `<title>${drawn(scene.title)}</title>`,
    absentMark(hatch),
    `<rect width="${round(all)}" height="${round(tall)}" fill="#ffffff"/>`,
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...title.map((line, at) => said(line, 0, TYPE.title + at * (TYPE.title + 2), { size: TYPE.title, bold: true })),
    ...placed.flatMap((one) => [...panel(one, hatch)]),
    ...stood.flatMap(({ marks }) => marks),
    ...keyed.marks,
    ...words.map((line, at) => said(line, 0, keyed.bottom + 3 + TYPE.line * (at + 1), { colour: FAINT })),
    "</g></svg>",
  ].join("\n");
}

/**
 * Upright colour bars beside the panels, from the first row on.
 * @param {import("./keys.js").Bar[]} bars
 * @param {number} left
 * @param {Placed[]} placed
 */
function standing(bars, left, placed) {
  const [{ y }] = placed;
  const high = Math.max(...placed.map((one) => one.y + one.height)) - y;
  return bars.map((bar) => {
    const found = upright(bar, left, y, high);
    left += roomUpright(bar);
    return found;
  });
}

/**
 * @param {Placed} placed
 * @param {string} hatch
 */
function* panel(placed, hatch) {
  const { panel: shown, x, y, width, height, left, heading } = placed;
  if (shown.blank) return;
  yield* headed(heading, left, y - 4);
  yield `<g transform="translate(${round(x)} ${round(y)})">`;
  if (shown.grid) yield* cells(shown.grid, width, height, hatch);
  if (shown.grid?.marked) yield* outlined(shown.grid, shown.grid.marked, width, height);
  yield* edges(shown.grid, width, height);
  yield* curves(placed);
  if (shown.empty) yield* emptied(shown.empty, width, height);
  yield* axes(placed);
  yield "</g>";
}

/**
 * The title of a panel with its note beside it or below it, which is fainter.
 * @param {import("./layout.js").Heading} heading
 * @param {number} left
 * @param {number} low the baseline of the last line
 */
function* headed(heading, left, low) {
  const { title, note, isOneLine } = heading;
  if (isOneLine) {
    const parts = `<tspan font-size="${TYPE.panel}" font-weight="700">${drawn(title[0])}</tspan><tspan dx="5" fill="${FAINT}">${drawn(note[0])}</tspan>`;
    yield `<text x="${round(left)}" y="${round(low)}">${parts}</text>`;
    return;
  }
  const first = low - (linesIn(heading) - 1) * TYPE.line;
  for (const [at, line] of title.entries()) yield said(line, left, first + at * TYPE.line, { size: TYPE.panel, bold: true });
  for (const [at, line] of note.entries()) yield said(line, left, first + (title.length + at) * TYPE.line, { colour: FAINT });
}

/**
 * A path for each colour: its cells, those that touch in a row as one.
 * @param {import("./scene.js").Grid} grid
 * @param {number} width
 * @param {number} height
 * @param {string} hatch
 */
function* cells({ rows, columns, colours, dotted, apart, lined }, width, height, hatch) {
  const [w, h] = [width / columns, height / rows];
  /** @type {Map<string|null, string[]>} */
  const paths = new Map();
  for (let row = 0; row < rows; row += 1) {
    let start = 0;
    for (let column = 1; column <= columns; column += 1) {
      const colour = colours[row * columns + start];
      if (column < columns && colours[row * columns + column] === colour) continue;
      if (!paths.has(colour)) paths.set(colour, []);
      paths.get(colour)?.push(`M${round(start * w)} ${round(row * h)}H${round(column * w)}V${round((row + 1) * h)}H${round(start * w)}z`);
      start = column;
    }
  }
  yield '<g class="cells" shape-rendering="crispEdges">';
  for (const [colour, runs] of paths) {
    // Without a line of its own colour, a viewer that smooths edges shows seams between the cells.
    const fill = colour ? `${colour}" stroke="${colour}" stroke-width="0.4` : `url(#${hatch})`;
    if (colour !== "") yield `<path fill="${fill}" d="${runs.join("")}"/>`;
  }
  yield "</g>";
  if (lined) {
    const [down, along] = [columns, rows].map((many) => Array.from({ length: many - 1 }, (_, at) => at + 1));
    const paths = [...down.map((at) => `M${round(at * w)} 0v${round(height)}`), ...along.map((at) => `M0 ${round(at * h)}h${round(width)}`)];
    yield `<path d="${paths.join("")}" stroke="#ffffff" stroke-width="0.5"/>`;
  }
  for (const column of apart ?? []) yield `<rect x="${round(column * w - APART / 2)}" width="${APART}" height="${round(height)}" fill="#ffffff"/>`;
  if (!dotted) return;
  const size = radius(w, h);
  const look = `r="${round(size * 0.8)}" fill="${DOT}" stroke="${AROUND}" stroke-width="${RIM * 0.7}"`;
  for (const [x, y] of dots(dotted, w, h)) yield `<circle cx="${round(x)}" cy="${round(y)}" ${look}/>`;
}

/**
 * Lines around a plot, around each part of it where columns stand apart.
 * @param {import("./scene.js").Grid | undefined} grid
 * @param {number} width
 * @param {number} height
 */
function* edges(grid, width, height) {
  const ends = [0, ...(grid?.apart ?? []).flatMap((column) => [-1, 1].map((side) => (column * width) / (grid?.columns ?? 1) + (side * APART) / 2)), width];
  for (let at = 0; at < ends.length; at += 2) {
    yield `<rect x="${round(ends[at])}" width="${round(ends[at + 1] - ends[at])}" height="${round(height)}" fill="none" stroke="${LINE}" stroke-width="0.5"/>`;
  }
}

/**
 * A light and a dark line around a cell, seen on every colour.
 * @param {import("./scene.js").Grid} grid
 * @param {[number, number]} cell
 * @param {number} width
 * @param {number} height
 */
function* outlined({ rows, columns }, [row, column], width, height) {
  const [w, h] = [width / columns, height / rows];
  const place = `x="${round(column * w)}" y="${round(row * h)}" width="${round(w)}" height="${round(h)}" fill="none"`;
  yield `<rect ${place} stroke="#ffffff" stroke-width="2.5"/><rect ${place} stroke="${INK}" stroke-width="1.2"/>`;
}

/** @param {Placed} placed */
function* curves({ panel: { lines, points, words, x, y }, width, height }) {
  /** @type {(point: [number, number]) => [number, number]} */
  const at = ([a, b]) => [round(shareOf(x, a) * width), round((1 - shareOf(y, b)) * height)];
  for (const { colour, points: through, dots: dotted } of lines ?? []) {
    if (through.length > 1) {
      yield `<polyline points="${through.map((point) => at(point).join()).join(" ")}" fill="none" stroke="${colour}" stroke-width="1"/>`;
    }
    if (!dotted && through.length > 1) continue;
    for (const point of through) yield `<circle cx="${at(point)[0]}" cy="${at(point)[1]}" r="2" fill="${colour}"/>`;
  }
  for (const { x: a, y: b, colour, size, label, hollow } of points ?? []) {
    const [across, down] = at([a, b]);
    const look = hollow ? `fill="#ffffff" stroke="${colour}" stroke-width="1.5"` : `fill="${colour}" stroke="#5b6575" stroke-width="0.3"`;
    yield `<circle cx="${across}" cy="${down}" r="${round(size ?? 2)}" ${look}/>`;
    if (label) yield said(label, across + (size ?? 2) + 2, down + 2.5, {});
  }
  for (const { x: a, y: b, text } of words ?? []) yield said(text, ...at([a, b]), {});
}

/**
 * @param {string} why
 * @param {number} width
 * @param {number} height
 */
function* emptied(why, width, height) {
  const lines = wrapped(why, width - 8, TYPE.label);
  const top = height / 2 - ((lines.length - 1) * TYPE.line) / 2 + 2.5;
  for (const [at, line] of lines.entries()) yield said(line, width / 2, top + at * TYPE.line, { colour: FAINT, anchor: "middle" });
}

/** @param {Placed} placed */
function* axes({ panel: { x, y, grid }, columns, rows, turned, width, height, below, beside }) {
  const tick = (/** @type {string} */ path) => `<path d="${path}" stroke="${LINE}" stroke-width="0.5"/>`;
  for (const { at, label } of columns) {
    const place = round(shareOf(x, at) * width);
    yield tick(`M${place} ${round(height)}v2.5`);
    const [low, turn] = turned ? [height + 9, true] : [height + 4 + TYPE.label, false];
    yield said(label, turn ? place + 2 : place, low, { anchor: turn ? "end" : "middle", turned: turn ? -45 : 0 });
  }
  for (const { at, label } of rows) {
    const share = grid ? shareOf({ ...y, from: y.to, to: y.from }, at) : 1 - shareOf(y, at);
    yield tick(`M0 ${round(share * height)}h-2.5`);
    yield said(label, -4.5, share * height + 2.5, { anchor: "end" });
  }
  if (x.title) yield said(x.title, width / 2, height + below - 2, { colour: FAINT, anchor: "middle" });
  if (y.title) yield said(y.title, -beside + TYPE.label, height / 2, { colour: FAINT, anchor: "middle", turned: -90 });
}

