/**
 * Lines over layers, depth or size, as SVG: drawn of the same panels that files and paper are made of.
 */

import { shareOf } from "../drawing/layout.js";
import { number, rounded } from "../matrix/numbers.js";
import { linearTicks, logTicks } from "../matrix/ticks.js";
import { Tooltip } from "../panels/tooltip.js";
import { made, node, text } from "../shell/dom.js";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [280, 72, 14, 12, 46];
const AROUND = 0.04; // room above the highest and below the lowest point, of the axis

/** @typedef {{x: number, y: number, told: string}} Point */
/**
 * @typedef {object} Line
 * @property {string} name without one it is drawn, but not in the legend and the tooltip
 * @property {string} colour
 * @property {string} [paper] the colour on white, where that is another one
 * @property {Point[]} points
 * @property {boolean} dots
 */
/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} x what the horizontal axis is
 * @property {string} y what the vertical axis is, with its unit
 * @property {Line[]} lines
 * @property {{from: number, to: number, ticks: {at: number, label: string}[]}} across the horizontal axis
 * @property {boolean} log whether the vertical axis is logarithmic
 */
/** @typedef {import("../drawing/scene.js").Panel} Panel */
/** @typedef {{x: (value: number) => number, y: (value: number) => number, width: number}} Scales */

/**
 * What a chart shows, on white.
 * @param {Chart} chart
 * @returns {Panel}
 */
export function panelOf({ title, x, y, lines, across, log }) {
  const read = reading(log);
  return {
    title,
    x: { title: x, ...across },
    y: { title: y, ...upward(lines.flatMap(({ points }) => points.map((point) => point.y)), log) },
    lines: lines.map(({ name, colour, paper, points, dots }) => ({
      ...{ name, dots, colour: paper ?? colour },
      points: points.map((point) => [point.x, read(point.y)]),
    })),
  };
}

/**
 * Names and colours of the lines of charts, each once.
 * @param {Chart[]} charts
 * @returns {import("../drawing/scene.js").Key[]}
 */
export function keysOf(charts) {
  const named = new Map(charts.flatMap(({ lines }) => lines.filter(({ name }) => name).map((line) => [line.name, line])));
  if (!named.size) return [];
  const classes = [...named.values()].map(({ name, colour, paper }) => ({ label: name, colour: paper ?? colour, mark: /** @type {const} */ ("line") }));
  return [{ kind: "classes", title: "", classes }];
}

/**
 * Every point of charts on a line.
 * @param {Chart[]} charts
 * @param {(text: string) => string} field
 */
export function csvOf(charts, field) {
  const head = ["quantity", "line", "x axis", "x", "y axis", "y"];
  const lines = charts.flatMap(({ title, x, y, lines: drawn }) =>
    drawn.filter(({ name }) => name).flatMap(({ name, points }) =>
      points.map((point) => [title, name, x].map(field).concat(String(tidy(point.x)), field(y), String(tidy(point.y)))),
    ),
  );
  return [head, ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

/** @param {number} value @returns {number} without the noise of binary fractions */
function tidy(value) {
  return rounded(value, 6);
}

/** @param {boolean} log @returns {(value: number) => number} the place of a value on its axis */
function reading(log) {
  return log ? Math.log10 : (value) => value;
}

/**
 * The vertical axis of some values.
 * @param {number[]} values
 * @param {boolean} log
 */
function upward(values, log) {
  const read = reading(log);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  let [from, to] = [read(least), read(most)];
  if (!(to > from)) [from, to] = [from - (Math.abs(from) || 1) * 0.1, to + (Math.abs(to) || 1) * 0.1];
  const room = (to - from) * AROUND;
  const isPositive = !log && from >= 0;
  [from, to] = [isPositive ? Math.max(0, from - room) : from - room, to + room];
  const found = log ? logTicks(10 ** from, 10 ** to) : linearTicks(from, to);
  return { from, to, ticks: found.map((value) => ({ at: read(value), label: number(value) })) };
}

/**
 * A chart with its legend; a pointer on it reads the nearest point.
 * @param {Chart} chart
 * @param {number} width in pixels
 * @returns {HTMLElement}
 */
export function drawChart(chart, width) {
  const panel = panelOf(chart);
  const read = reading(chart.log);
  const scales = {
    x: (/** @type {number} */ value) => LEFT + shareOf(panel.x, value) * (width - LEFT - RIGHT),
    y: (/** @type {number} */ value) => HEIGHT - BOTTOM - shareOf(panel.y, read(value)) * (HEIGHT - TOP - BOTTOM),
    width,
  };
  const svg = node("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": `${chart.title}, over ${chart.x}: ${chart.lines.filter(({ name }) => name).map(lineText).join("; ")}`,
  });
  axes(svg, panel, scales);
  for (const line of chart.lines) {
    const path = line.points.map(({ x, y }) => `${scales.x(x)},${scales.y(y)}`);
    svg.append(node("polyline", { points: path.join(" "), stroke: line.colour, fill: "none" }));
    if (!line.dots && line.points.length > 1) continue;
    line.points.forEach(({ x, y }) =>
      svg.append(node("circle", { cx: scales.x(x), cy: scales.y(y), r: 4, fill: line.colour })),
    );
  }
  const figure = made("figure", "atlas-trend");
  figure.append(made("figcaption", "", chart.title), svg, legend(chart.lines));
  listen(figure, svg, chart, scales);
  return figure;
}

/**
 * @param {Line} line
 * @returns {string} where a line begins and ends
 */
function lineText({ name, points }) {
  if (points.length === 1) return `${name} ${number(points[0].y)}`;
  return `${name} from ${number(points[0].y)} to ${number(points[points.length - 1].y)}`;
}

/**
 * Lines at the ticks, their labels and the titles of both axes.
 * @param {SVGElement} svg
 * @param {Panel} panel
 * @param {Scales} scales
 */
function axes(svg, { x, y }, { width }) {
  const bottom = HEIGHT - BOTTOM;
  for (const { at, label } of y.ticks) {
    const high = bottom - shareOf(y, at) * (bottom - TOP);
    svg.append(node("line", { x1: LEFT, x2: width - RIGHT, y1: high, y2: high }), text(label, LEFT - 8, high + 4, "end"));
  }
  for (const { at, label } of x.ticks) {
    const along = LEFT + shareOf(x, at) * (width - LEFT - RIGHT);
    svg.append(node("line", { x1: along, x2: along, y1: bottom, y2: bottom + 4 }), text(label, along, bottom + 18, "middle"));
  }
  svg.append(node("line", { x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }), text(x.title, (LEFT + width - RIGHT) / 2, HEIGHT - 6, "middle"));
  const name = text(y.title, 0, 0, "middle");
  name.setAttribute("transform", `translate(14 ${(TOP + bottom) / 2}) rotate(-90)`);
  svg.append(name);
}

/**
 * @param {Line[]} lines
 * @returns {HTMLElement}
 */
function legend(lines) {
  const list = made("ul", "atlas-legend");
  const named = lines.filter(({ name }) => name);
  list.hidden = named.length < 2;
  for (const line of list.hidden ? [] : named) {
    const item = made("li");
    const mark = made("i");
    mark.style.background = line.colour;
    item.append(mark, line.name);
    list.append(item);
  }
  return list;
}

/**
 * @param {HTMLElement} figure
 * @param {SVGElement} svg
 * @param {Chart} chart
 * @param {Scales} scales
 */
function listen(figure, svg, chart, scales) {
  const tip = new Tooltip(figure, "silent");
  const mark = node("circle", { r: 5, fill: "none", class: "atlas-trend-mark" });
  const leave = () => {
    tip.hide();
    mark.remove();
  };
  const named = chart.lines.filter(({ name }) => name);
  const all = named.flatMap((line) => line.points.map((point) => ({ line, point })));
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const zoom = scales.width / box.width;
    const [x, y] = [(event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom];
    const away = (/** @type {{point: Point}} */ { point }) => Math.hypot(scales.x(point.x) - x, scales.y(point.y) - y);
    const nearest = all.reduce((best, one) => (away(one) < away(best) ? one : best), all[0]);
    const found = nearest && away(nearest) < 60 ? nearest : null;
    if (!found) return leave();
    const at = { cx: scales.x(found.point.x), cy: scales.y(found.point.y) };
    for (const [key, value] of Object.entries(at)) mark.setAttribute(key, String(value));
    svg.append(mark);
    tip.tell(number(found.point.y), [found.line.name], [found.point.told]);
    const down = box.top - figure.getBoundingClientRect().top;
    tip.put(at.cx / zoom + 12, Math.max(0, down + at.cy / zoom - tip.height - 10));
  });
  svg.addEventListener("pointerleave", leave);
}
