/**
 * Heads as points on a plane. Points are on a canvas between two drawings, the axes below and the
 * marks above, so that moving the pointer does not redraw thousands of heads.
 */

import { number } from "../matrix/numbers.js";
import { linearTicks } from "../matrix/ticks.js";
import { Tooltip } from "../panels/tooltip.js";
import { made, node, text } from "../shell/dom.js";

export const HEIGHT = 380;
const [LEFT, RIGHT, TOP, BOTTOM, INNER] = [50, 10, 8, 44, 9];
const ASIDE = 16; // pixels between a point and its tooltip

/**
 * Who is told which point the reader points at or opens, by its number; -1 is none.
 * @typedef {object} Listener
 * @property {(at: number) => void} point one of them was pointed at
 * @property {(at: number) => void} open
 * @property {(at: number) => string[]} words its name, then what is known of it
 */

export class Points {
  /**
   * @param {Listener} listener
   * @param {number} reach pixels from a pointer within which a point is found
   */
  constructor(listener, reach) {
    this.listener = listener;
    this.reach = reach;
    /** Places of the points in pixels. @type {ArrayLike<number>} */
    this.x = [];
    /** @type {ArrayLike<number>} */
    this.y = [];
    /** @type {{order: Int32Array, turn: Int32Array}[] | undefined} */
    this.orders = undefined;
    /** The point that is pointed at. */
    this.at = -1;
    this.below = node("svg", { "aria-hidden": "true" });
    this.canvas = made("canvas");
    this.over = node("svg", { "aria-hidden": "true" });
    this.stage = made("div", "atlas-scatter");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.stage.append(this.below, this.canvas, this.over);
    this.tip = new Tooltip(this.stage);
    this.gone = new AbortController();
    this.listen();
  }

  listen() {
    const { stage, listener } = this;
    const on = (/** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      stage.addEventListener(type, act, { signal: this.gone.signal });
    on("pointermove", (event) => event.pointerType !== "touch" && listener.point(this.under(event)));
    on("pointerleave", (event) => event.pointerType === "mouse" && listener.point(-1));
    on("focusout", () => listener.point(-1));
    on("click", (event) => {
      const found = this.under(event);
      stage.focus({ preventScroll: true }); // the keys go on from here
      listener.point(found);
      if (found >= 0) listener.open(found);
    });
    on("keydown", (event) => this.press(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { listener, at } = this;
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.key === "Escape" && at >= 0) {
      event.stopPropagation(); // what else it closes stays open until it is pressed again
      return listener.point(-1);
    }
    if ((event.key === "Enter" || event.key === " ") && at >= 0) {
      event.preventDefault();
      return listener.open(at);
    }
    const next = this.next(event.key);
    if (next < 0) return;
    event.preventDefault();
    listener.point(next);
    this.tip.say(listener.words(next).join(", "));
  }

  /**
   * The next point by its place across (left, right, Home, End) or up (up, down); both orders are
   * made once a drawing.
   * @param {string} key
   * @returns {number} -1 for a key that leads nowhere
   */
  next(key) {
    const isAcross = ["ArrowLeft", "ArrowRight", "Home", "End"].includes(key);
    if (!this.x.length || !(isAcross || key === "ArrowUp" || key === "ArrowDown")) return -1;
    this.orders ??= [ordered(this.x, 1), ordered(this.y, -1)];
    const { order, turn } = this.orders[isAcross ? 0 : 1];
    const last = order.length - 1;
    if (key === "End") return order[last];
    if (key === "Home" || this.at < 0) return order[0];
    const step = key === "ArrowRight" || key === "ArrowUp" ? 1 : -1;
    return order[Math.min(last, Math.max(0, turn[this.at] + step))];
  }

  /** @param {MouseEvent} event @returns {number} the nearest point, -1 for none near */
  under({ clientX, clientY }) {
    const box = this.below.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    let [best, least] = [-1, this.reach ** 2];
    for (let at = 0; at < this.x.length; at += 1) {
      const away = (this.x[at] - x) ** 2 + (this.y[at] - y) ** 2;
      if (away < least) [best, least] = [at, away];
    }
    return best;
  }

  /**
   * New positions of the points, or another width; marks are removed.
   * @param {number} width in pixels
   * @param {ArrayLike<number>} x
   * @param {ArrayLike<number>} y
   * @param {number} size of a point
   */
  setPlaces(width, x, y, size) {
    [this.x, this.y, this.orders] = [x, y, undefined];
    for (const [key, value] of Object.entries({ viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT })) {
      for (const svg of [this.below, this.over]) svg.setAttribute(key, String(value));
    }
    this.ring = node("circle", { class: "atlas-scatter-ring", r: size / 2 + 3 });
    this.name = text("", 0, 0, "middle");
    this.name.setAttribute("class", "atlas-scatter-name");
  }

  /**
   * Show a point in the tooltip.
   * @param {number} at -1 for none
   * @param {HTMLElement[]} parts of the tooltip
   */
  tell(at, ...parts) {
    this.at = at;
    if (at < 0) return this.tip.hide();
    const [x, y] = [this.x[at], this.y[at]];
    this.tip.show(...parts);
    this.tip.beside({ left: x, right: x, top: y, bottom: y }, ASIDE, HEIGHT);
  }

  /**
   * A ring around a point, with its name where another figure points at it, and other marks.
   * @param {number} at -1 for none
   * @param {string} name
   * @param {SVGElement[]} held
   */
  mark(at, name, held) {
    if (!this.ring || !this.name) return; // not drawn yet
    const [x, y] = at < 0 ? [0, 0] : [this.x[at], this.y[at]];
    this.put(this.ring, at);
    this.name.textContent = at < 0 ? "" : name;
    this.name.setAttribute("x", String(x));
    this.name.setAttribute("y", String(y < 30 ? y + 24 : y - 13));
    this.over.replaceChildren(...held, this.ring, this.name);
  }

  /**
   * Lay a mark over a point.
   * @param {SVGElement} mark
   * @param {number} at -1 for none
   */
  put(mark, at) {
    mark.setAttribute("visibility", at < 0 ? "hidden" : "visible");
    if (at < 0) return mark;
    mark.setAttribute("cx", String(this.x[at]));
    mark.setAttribute("cy", String(this.y[at]));
    return mark;
  }

  dispose() {
    this.gone.abort();
  }
}

/**
 * @param {ArrayLike<number>} places
 * @param {number} sign
 * @returns {{order: Int32Array, turn: Int32Array}} points by their place, and the turn of each
 */
function ordered(places, sign) {
  const order = Int32Array.from(places, (_, at) => at).sort((a, b) => sign * (places[a] - places[b]) || a - b);
  const turn = new Int32Array(order.length);
  order.forEach((at, place) => (turn[at] = place));
  return { order, turn };
}

/**
 * @param {[number, number]} ends of the values
 * @param {number} from pixels of the lowest
 * @param {number} to pixels of the highest
 * @returns {{at: (value: number) => number, ticks: number[]}}
 */
export function axisScale([low, high], from, to) {
  const wide = high > low ? high - low : 1;
  const at = (/** @type {number} */ value) => from + ((value - low) / wide) * (to - from);
  return { at, ticks: linearTicks(low, high) };
}

/**
 * Both axes, in pixels; points at an end stand clear of the edge.
 * @param {number} width
 * @param {[number, number]} x ends of the values across
 * @param {[number, number]} y ends of the values up
 */
export function plane(width, x, y) {
  const across = axisScale(x, LEFT + INNER, width - RIGHT - INNER);
  return { across, up: axisScale(y, HEIGHT - BOTTOM - INNER, TOP + INNER) };
}

/**
 * Axes with their ticks and names.
 * @param {number} width
 * @param {ReturnType<typeof axisScale>} across
 * @param {ReturnType<typeof axisScale>} up
 * @param {string} x
 * @param {string} y
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
  const name = text(y, 0, 0, "middle");
  name.setAttribute("transform", `translate(12 ${(TOP + bottom) / 2}) rotate(-90)`);
  return [...lines, ...rows, text(x, (LEFT + width - RIGHT) / 2, HEIGHT - 6, "middle"), name];
}

/**
 * A canvas of that width, sharp on any screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width in pixels of the page
 * @returns {{context: CanvasRenderingContext2D, zoom: number}} and pixels of the canvas for one of them
 */
export function sizeCanvas(canvas, width) {
  const zoom = Math.max(1, devicePixelRatio);
  canvas.width = Math.round(width * zoom);
  canvas.height = Math.round(HEIGHT * zoom);
  canvas.style.cssText = `width:${width}px;height:${HEIGHT}px`;
  return { context: /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")), zoom };
}

/**
 * Points as dots with an edge.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {{x: number, y: number, colour: string}[]} dots
 * @param {number} radius
 * @param {string} edge
 */
export function drawDots(canvas, width, dots, radius, edge) {
  const { context, zoom } = sizeCanvas(canvas, width);
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
