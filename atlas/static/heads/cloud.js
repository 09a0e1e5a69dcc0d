/**
 * All heads that fit as points: a score up, depth or another score across. Points lie on a canvas
 * between two drawings, as those of a single model do (`scatter.js`).
 */

import { classesTold } from "./bundle.js";
import { shown } from "./table.js";
import { bar, made } from "../panels/legend.js";
import { layer } from "../panels/marks.js";
import { grouped } from "../matrix/numbers.js";
import { MISSING, STEPS, stepOf, valueOf } from "../panels/canvas.js";
import { dotted, frame, HEIGHT, node, plane, put, text } from "../plots/points.js";

/** @typedef {import("./bundle.js").HeadBundle} HeadBundle */
/** @typedef {import("./table.js").Column} Column */
/** @typedef {{across: Column, up: Column, shade: Column | null, classes: Uint8Array | null}} Axes */

const REACH = 20; // pixels from a pointer within which a head is found
const ASIDE = 9; // steps of depth that a layer of few takes to either side
const FEW = 3000; // points that are drawn as dots with an edge; more of them as small squares

export class HeadCloud {
  /**
   * @param {HTMLElement} home
   * @param {HeadBundle} bundle
   * @param {Record<string, string[]>} palettes
   * @param {(at: number) => void} open
   */
  constructor(home, bundle, palettes, open) {
    this.bundle = bundle;
    this.palettes = palettes;
    this.open = open;
    this.heads = new Int32Array(0);
    /** @type {Axes | null} */
    this.axes = null;
    this.x = new Float32Array(0);
    this.y = new Float32Array(0);
    /** @type {{order: Int32Array, turn: Int32Array}[] | undefined} */
    this.orders = undefined;
    /** Place among the heads that is pointed at, -1 for none. */
    this.cell = -1;
    /** @type {number[]} heads that are marked: one that is open, then those nearest to it */
    this.kept = [];
    this.gone = new AbortController();
    this.tip = layer("atlas-tip");
    this.tip.hidden = true;
    this.tip.setAttribute("aria-hidden", "true"); // what it tells is spoken by `voice`
    this.voice = layer("atlas-voice");
    this.voice.setAttribute("aria-live", "polite");
    this.svg = node("svg", { "aria-hidden": "true" });
    this.dots = document.createElement("canvas");
    this.over = node("svg", { "aria-hidden": "true" });
    this.stage = layer("atlas-scatter");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.stage.append(this.svg, this.dots, this.over, this.tip, this.voice);
    this.key = layer("atlas-heads-key");
    home.replaceChildren(this.stage, this.key);
    this.listen();
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.stage);
  }

  listen() {
    const on = (/** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      this.stage.addEventListener(type, act, { signal: this.gone.signal });
    on("pointermove", (event) => event.pointerType !== "touch" && this.point(this.under(event)));
    on("pointerleave", (event) => event.pointerType === "mouse" && this.point(-1));
    on("focusout", () => this.point(-1));
    on("click", (event) => {
      const found = this.under(event);
      this.stage.focus({ preventScroll: true }); // the keys go on from here
      this.point(found);
      if (found >= 0) this.open(this.heads[found]);
    });
    on("keydown", (event) => this.press(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.key === "Escape" && this.cell >= 0) {
      event.stopPropagation();
      return this.point(-1);
    }
    if ((event.key === "Enter" || event.key === " ") && this.cell >= 0) {
      event.preventDefault();
      return this.open(this.heads[this.cell]);
    }
    const next = this.next(event.key);
    if (next < 0) return;
    event.preventDefault();
    this.point(next);
    this.voice.textContent = this.words(next).join(", ");
  }

  /**
   * The next point by its place across (left, right, Home, End) or up (up, down); both orders are
   * made once a drawing.
   * @param {string} key
   */
  next(key) {
    const isAcross = ["ArrowLeft", "ArrowRight", "Home", "End"].includes(key);
    if (!this.heads.length || !(isAcross || key === "ArrowUp" || key === "ArrowDown")) return -1;
    this.orders ??= [this.order(this.x, 1), this.order(this.y, -1)];
    const { order, turn } = this.orders[isAcross ? 0 : 1];
    const last = order.length - 1;
    if (key === "End") return order[last];
    if (key === "Home" || this.cell < 0) return order[0];
    const step = key === "ArrowRight" || key === "ArrowUp" ? 1 : -1;
    return order[Math.min(last, Math.max(0, turn[this.cell] + step))];
  }

  /**
   * @param {Float32Array} places
   * @param {number} sign
   */
  order(places, sign) {
    const order = Int32Array.from(places, (_, at) => at).sort((a, b) => sign * (places[a] - places[b]) || a - b);
    const turn = new Int32Array(order.length);
    order.forEach((at, place) => (turn[at] = place));
    return { order, turn };
  }

  /**
   * Other heads, or other axes.
   * @param {Int32Array} heads
   * @param {Axes} axes
   */
  show(heads, axes) {
    const { across } = axes;
    this.axes = axes;
    this.heads = heads.filter((at) => across.steps[at] !== MISSING);
    this.cell = -1;
    this.tip.hidden = true;
    this.draw();
  }

  draw() {
    const width = this.stage.clientWidth;
    if (!this.axes || width < 120) return; // not laid out
    const { across, up, shade } = this.axes;
    const deep = across.score.id === "depth";
    const places = plane(width, deep ? [-ASIDE, STEPS + ASIDE] : [0, STEPS], [0, STEPS]);
    const count = this.heads.length;
    this.x = new Float32Array(count);
    this.y = new Float32Array(count);
    for (let at = 0; at < count; at += 1) {
      const own = deep ? this.aside(this.heads[at]) : 0;
      this.x[at] = places.across.at(across.steps[this.heads[at]] + own);
      this.y[at] = places.up.at(up.steps[this.heads[at]]);
    }
    this.orders = undefined;
    for (const [key, value] of Object.entries({ viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT })) {
      for (const svg of [this.svg, this.over]) svg.setAttribute(key, String(value));
    }
    const size = Math.max(3, Math.min(9, 240 / Math.sqrt(count)));
    const told = /** @type {any} */ ([across.score, up.score]);
    this.svg.replaceChildren(...frame(width, ruled(across.score, places.across), ruled(up.score, places.up), told[0], told[1]));
    this.ring = node("circle", { class: "atlas-scatter-ring", r: size / 2 + 3 });
    this.name = text("", 0, 0, "middle");
    this.name.setAttribute("class", "atlas-scatter-name");
    this.paint(width, size);
    this.mark();
    const colour = shade ? `${shade.score.title} as colour` : this.axes.classes ? "categories as colour" : "";
    const rest = [`${across.score.title} across`, `${up.score.title} up`, colour].filter(Boolean).join(", ");
    this.stage.setAttribute(
      "aria-label",
      `${grouped(count)} heads as points: ${rest}. Arrow keys go from head to head, left and right by the one, up and down by the other. Enter shows a head with its nearest ones.`,
    );
  }

  /** Heads of a layer lie side by side, not on top of each other. @param {number} at @returns {number} steps */
  aside(at) {
    const { layers, heads } = this.bundle.model(at);
    const room = Math.min(2 * ASIDE, STEPS / Math.max(1, layers - 1)) * 0.8;
    return ((this.bundle.place(at)[1] + 0.5) / heads - 0.5) * room;
  }

  /**
   * @param {number} width
   * @param {number} size of a point in pixels
   */
  paint(width, size) {
    const { shade, classes } = /** @type {Axes} */ (this.axes);
    const style = getComputedStyle(this.stage);
    const [edge, none, plain] = ["muted", "hatch", "link"].map((name) => style.getPropertyValue(`--atlas-${name}`).trim());
    const scale = shade && this.palettes[shade.score.kind];
    const colours = Array.from({ length: 256 }, (_, step) => {
      if (step === MISSING) return none;
      if (scale) return scale[Math.round((step / STEPS) * (scale.length - 1))];
      return classes ? this.palettes.categorical[code(step)] : plain;
    });
    const steps = shade ? shade.steps : classes;
    const colour = (/** @type {number} */ at) => colours[steps ? steps[this.heads[at]] : 0];
    if (this.heads.length <= FEW) {
      const points = Array.from(this.heads, (_, at) => ({ x: this.x[at], y: this.y[at], colour: colour(at) }));
      dotted(this.dots, width, points, size / 2, edge);
    } else squares(this.dots, width, this.x, this.y, size, colour);
    this.key.replaceChildren(...(shade ? [bar(shade.score, this.palettes)] : classes ? [this.legend()] : []));
  }

  /** What the colours of categories mean. */
  legend() {
    const key = made("div", "atlas-key");
    const names = this.bundle.categories.map((name) => name[0].toUpperCase() + name.slice(1));
    const several = names.slice(1).map((_, at) => `${at + 2} categories`);
    ["No category", ...names, ...several].forEach((name, at) => {
      const one = made("span", "atlas-class");
      const mark = made("i");
      mark.style.background = this.palettes.categorical[at];
      one.append(mark, name);
      key.append(one);
    });
    return key;
  }

  /** @param {MouseEvent} event @returns {number} place of the nearest head, -1 for none near */
  under({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    let [best, least] = [-1, REACH * REACH];
    for (let at = 0; at < this.heads.length; at += 1) {
      const away = (this.x[at] - x) ** 2 + (this.y[at] - y) ** 2;
      if (away < least) [best, least] = [at, away];
    }
    return best;
  }

  /** @param {number} place @returns {string[]} the head, then what is drawn of it */
  words(place) {
    const at = this.heads[place];
    const { across, up, shade, classes } = /** @type {Axes} */ (this.axes);
    const scores = [...new Set([up, across, ...(shade ? [shade] : [])])];
    return [
      `${this.bundle.model(at).name}, head ${this.bundle.place(at).join(".")}`,
      ...scores.map(({ score, steps }) => `${score.title} ${shown(score, steps[at])}`),
      ...(classes && classes[at] !== MISSING ? [`Categories: ${classesTold(this.bundle, classes[at])}`] : []),
    ];
  }

  /** Tell a head. @param {number} place -1 for none */
  point(place) {
    if (place === this.cell) return;
    this.cell = place;
    this.mark();
    this.tip.hidden = place < 0;
    if (place < 0) return;
    const [title, ...rest] = this.words(place);
    this.tip.replaceChildren(made("strong", "", title), ...rest.map((line) => made("small", "", line)));
    const [x, y] = [this.x[place], this.y[place]];
    const beside = x + 16 + this.tip.offsetWidth <= this.stage.clientWidth;
    const left = beside ? x + 16 : Math.max(0, x - 16 - this.tip.offsetWidth);
    const top = Math.max(0, Math.min(HEIGHT - this.tip.offsetHeight, y - this.tip.offsetHeight / 2));
    this.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** Light a head that a table points at. @param {number} at its number, -1 for none */
  light(at) {
    this.mark(at < 0 ? -1 : this.heads.indexOf(at));
  }

  /** Mark heads for as long as they are shown. @param {number[]} heads one that is open, then those nearest to it */
  keep(heads) {
    this.kept = heads;
    this.mark();
  }

  /** @param {number} [lit] place of a head that a table points at */
  mark(lit = -1) {
    if (!this.ring || !this.name) return;
    const spot = (/** @type {number} */ place) => (place < 0 ? undefined : { at: place, x: this.x[place], y: this.y[place] });
    const held = this.kept.flatMap((at, turn) => {
      const circle = node("circle", { class: turn ? "atlas-scatter-near" : "atlas-scatter-held", r: turn ? 6 : 8 });
      const place = this.heads.indexOf(at);
      put(circle, spot(place));
      return place < 0 ? [] : [circle];
    });
    const ring = spot(lit >= 0 ? lit : this.cell);
    put(this.ring, ring);
    this.name.textContent = ring && lit >= 0 ? this.bundle.place(this.heads[lit]).join(".") : "";
    this.name.setAttribute("x", String(ring?.x ?? 0));
    this.name.setAttribute("y", String((ring?.y ?? 0) < 30 ? (ring?.y ?? 0) + 24 : (ring?.y ?? 0) - 13));
    this.over.replaceChildren(...held, this.ring, this.name);
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.draw();
  }

  dispose() {
    this.gone.abort();
    this.sized.disconnect();
  }
}

/** The colour of a set of categories: its one category, or how many. @param {number} bits */
function code(bits) {
  const has = [0, 1, 2, 3, 4, 5, 6, 7].filter((at) => bits & (1 << at));
  return has.length > 1 ? has.length + 3 : has.length ? has[0] + 1 : 0;
}

/**
 * An axis of steps with the values of its ticks.
 * @param {import("./bundle.js").Score} score
 * @param {{at: (step: number) => number}} places
 */
function ruled(score, places) {
  const ticks = score.high > score.low ? [0, 0.25, 0.5, 0.75, 1].map((share) => valueOf({ ...score, kind: "sequential" }, share * STEPS)) : [score.low];
  return { ticks, at: (/** @type {number} */ value) => places.at(stepOf(score, value)) };
}

/**
 * Tens of thousands of points, sharp on any screen, written as pixels: the rarest colour lies on top.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @param {number} size
 * @param {(at: number) => string} colour `#rrggbb`
 */
function squares(canvas, width, x, y, size, colour) {
  const zoom = Math.max(1, devicePixelRatio);
  canvas.width = Math.round(width * zoom);
  canvas.height = Math.round(HEIGHT * zoom);
  canvas.style.cssText = `width:${width}px;height:${HEIGHT}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const side = Math.max(2, Math.round(size * zoom));
  /** @type {Map<string, number[]>} */
  const byColour = new Map();
  for (let at = 0; at < x.length; at += 1) {
    const list = byColour.get(colour(at));
    if (list) list.push(at);
    else byColour.set(colour(at), [at]);
  }
  for (const [shade, list] of [...byColour].sort(([, a], [, b]) => b.length - a.length)) {
    const pixel = packed(shade);
    for (const at of list) {
      const [left, top] = [Math.round(x[at] * zoom - side / 2), Math.round(y[at] * zoom - side / 2)];
      for (let row = top; row < top + side; row += 1) {
        // An axis keeps its points clear of the edges, so that none of them reaches beyond its row.
        pixels.fill(pixel, row * canvas.width + left, row * canvas.width + left + side);
      }
    }
  }
  context.putImageData(image, 0, 0);
}

/** A colour as the four bytes of a pixel, whatever their order on this machine. @param {string} hex `#rrggbb` */
function packed(hex) {
  const bytes = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return new Uint32Array(Uint8ClampedArray.of(...bytes, 255).buffer)[0];
}
