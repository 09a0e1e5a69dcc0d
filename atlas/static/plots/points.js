/**
 * The plane that heads lie on: places, ticks, and the way from one point to the next.
 */

import { number } from "../matrix/numbers.js";

const SVG = "http://www.w3.org/2000/svg";
export const HEIGHT = 380;
const [LEFT, RIGHT, TOP, BOTTOM, INNER] = [50, 10, 8, 44, 9];

/** @typedef {{at: number, x: number, y: number}} Point number of a head, and its place in pixels */

/**
 * @param {[number, number]} ends of the values
 * @param {number} from pixels of the lowest
 * @param {number} to pixels of the highest
 * @returns {{at: (value: number) => number, ticks: number[]}}
 */
export function scaled([low, high], from, to) {
  const wide = high > low ? high - low : 1;
  const at = (/** @type {number} */ value) => from + ((value - low) / wide) * (to - from);
  return { at, ticks: high > low ? [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * wide) : [low] };
}

/**
 * Both axes, in pixels; points at an end stand clear of the edge.
 * @param {number} width
 * @param {[number, number]} x ends of the values across
 * @param {[number, number]} y ends of the values up
 */
export function plane(width, x, y) {
  const across = scaled(x, LEFT + INNER, width - RIGHT - INNER);
  return { across, up: scaled(y, HEIGHT - BOTTOM - INNER, TOP + INNER) };
}

/**
 * The next point by its place across (left, right, Home, End) or up (up, down).
 * @param {Point[]} points
 * @param {number} from number of a head, -1 for none
 * @param {string} key
 * @returns {number} number of a head, -1 for a key that leads nowhere
 */
export function nextAlong(points, from, key) {
  const isAcross = ["ArrowLeft", "ArrowRight", "Home", "End"].includes(key);
  if (!points.length || !(isAcross || key === "ArrowUp" || key === "ArrowDown")) return -1;
  const place = (/** @type {Point} */ one) => (isAcross ? one.x : -one.y);
  const order = [...points].sort((a, b) => place(a) - place(b) || a.at - b.at);
  const last = order.length - 1;
  if (key === "End") return order[last].at;
  const now = order.findIndex(({ at }) => at === from);
  if (key === "Home" || now < 0) return order[0].at;
  const step = key === "ArrowRight" || key === "ArrowUp" ? 1 : -1;
  return order[Math.min(last, Math.max(0, now + step))].at;
}

/**
 * A dot of a path whose lines have round ends.
 * @param {Point} point
 */
export function spot({ x, y }) {
  return `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
export function node(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return /** @type {SVGElement} */ (element);
}

/**
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 * @returns {SVGElement}
 */
export function text(words, x, y, anchor) {
  const element = node("text", { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}

/**
 * Axes with their ticks and names.
 * @param {number} width
 * @param {ReturnType<typeof scaled>} across
 * @param {ReturnType<typeof scaled>} up
 * @param {import("../matrix/numbers.js").Matrix} x
 * @param {import("../matrix/numbers.js").Matrix} y
 */
export function frame(width, across, up, x, y) {
  const bottom = HEIGHT - BOTTOM;
  const lines = across.ticks.flatMap((value) => [
    node("line", { x1: across.at(value), x2: across.at(value), y1: TOP, y2: bottom }),
    text(number(value), across.at(value), bottom + 17, "middle"),
  ]);
  const rows = up.ticks.flatMap((value) => [
    node("line", { x1: LEFT, x2: width - RIGHT, y1: up.at(value), y2: up.at(value) }),
    text(number(value), LEFT - 6, up.at(value) + 4, "end"),
  ]);
  const name = text(y.title, 0, 0, "middle");
  name.setAttribute("transform", `translate(12 ${(TOP + bottom) / 2}) rotate(-90)`);
  return [...lines, ...rows, text(x.title, (LEFT + width - RIGHT) / 2, HEIGHT - 6, "middle"), name];
}

/**
 * @param {SVGElement | undefined} mark
 * @param {Point | undefined} point
 */
export function put(mark, point) {
  mark?.setAttribute("visibility", point ? "visible" : "hidden");
  if (!point) return;
  mark?.setAttribute("cx", String(point.x));
  mark?.setAttribute("cy", String(point.y));
}

/**
 * Points as dots with an edge, sharp on any screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {{x: number, y: number, colour: string}[]} dots
 * @param {number} radius
 * @param {string} edge
 */
export function dotted(canvas, width, dots, radius, edge) {
  const zoom = Math.max(1, devicePixelRatio);
  canvas.width = Math.round(width * zoom);
  canvas.height = Math.round(HEIGHT * zoom);
  canvas.style.cssText = `width:${width}px;height:${HEIGHT}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(zoom, zoom);
  context.strokeStyle = edge;
  context.lineWidth = 0.8;
  for (const { x, y, colour } of dots) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.stroke();
  }
}
