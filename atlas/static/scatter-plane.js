/**
 * The plane that heads lie on: places, ticks, and the way from one point to the next.
 */

const SVG = "http://www.w3.org/2000/svg";

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
