/**
 * Trend lines as SVG: a line a model over relative depth, or one line over sizes.
 */

import { number } from "../matrix/numbers.js";
import { linearTicks, logTicks } from "../matrix/ticks.js";
import { Tooltip } from "../panels/tooltip.js";
import { made, node, text } from "../shell/dom.js";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [260, 56, 14, 12, 40];

/** @typedef {{x: number, y: number, told: string}} Point */
/** @typedef {{name: string, colour: string, points: Point[], dots: boolean}} Line */
/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} x what the horizontal axis is
 * @property {Line[]} lines those without a name are drawn but not in the tooltip
 * @property {{at: number, label: string}[]} ticks of the horizontal axis
 * @property {boolean} log whether the vertical axis is logarithmic
 */

/**
 * A chart with its legend; a pointer on it reads the nearest point.
 * @param {Chart} chart
 * @param {number} width in pixels
 * @returns {HTMLElement}
 */
export function drawChart(chart, width) {
  const points = chart.lines.flatMap(({ points }) => points);
  const scales = makeScales(points, chart, width);
  const svg = node("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": `${chart.title}, over ${chart.x}: ${chart.lines.filter(({ name }) => name).map(lineText).join("; ")}`,
  });
  grid(svg, chart, scales);
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
 * @param {Point[]} points
 * @param {Chart} chart
 * @param {number} width
 * @returns {{x: (value: number) => number, y: (value: number) => number, low: number, high: number, width: number}}
 */
function makeScales(points, { ticks, log }, width) {
  const read = (/** @type {number} */ value) => (log ? Math.log(value) : value);
  const all = points.map(({ y }) => read(y));
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (!(high > low)) [low, high] = [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const [from, to] = [ticks[0].at, ticks[ticks.length - 1].at];
  const share = (/** @type {number} */ value) => (to > from ? (value - from) / (to - from) : 0.5);
  return {
    x: (value) => LEFT + share(value) * (width - LEFT - RIGHT),
    y: (value) => HEIGHT - BOTTOM - ((read(value) - low) / (high - low)) * (HEIGHT - TOP - BOTTOM),
    low: log ? Math.exp(low) : low,
    high: log ? Math.exp(high) : high,
    width,
  };
}

/**
 * @param {SVGElement} svg
 * @param {Chart} chart
 * @param {ReturnType<typeof makeScales>} scales
 */
function grid(svg, chart, scales) {
  for (const value of (chart.log ? logTicks : linearTicks)(scales.low, scales.high)) {
    const y = scales.y(value);
    svg.append(
      node("line", { x1: LEFT, x2: scales.width - RIGHT, y1: y, y2: y }),
      text(number(value), LEFT - 8, y + 4, "end"),
    );
  }
  for (const { at, label } of chart.ticks) svg.append(text(label, scales.x(at), HEIGHT - BOTTOM + 18, "middle"));
  svg.append(text(chart.x, (LEFT + scales.width - RIGHT) / 2, HEIGHT - 4, "middle"));
}

/**
 * @param {Line[]} lines
 * @returns {HTMLElement}
 */
function legend(lines) {
  const list = made("ul", "atlas-legend");
  if (lines.length > 1 && !lines.some(({ dots }) => dots)) {
    for (const line of lines) {
      const item = made("li");
      const mark = made("i");
      mark.style.background = line.colour;
      item.append(mark, line.name);
      list.append(item);
    }
  } else list.hidden = true;
  return list;
}

/**
 * @param {HTMLElement} figure
 * @param {SVGElement} svg
 * @param {Chart} chart
 * @param {ReturnType<typeof makeScales>} scales
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
