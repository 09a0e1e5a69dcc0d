/**
 * All heads that fit as points: a score up, depth or another score across.
 */

import { counted } from "../matrix/numbers.js";
import { MISSING, STEPS, stepOf } from "../matrix/scales.js";
import { linearTicks, logTicks } from "../matrix/ticks.js";
import { bar } from "../panels/legend.js";
import { drawDots, frame, plane, Points, sizeCanvas } from "../plots/points.js";
import { made, node } from "../shell/dom.js";
import { categoryText } from "./bundle.js";
import { shown } from "./table.js";

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
    this.heads = new Int32Array(0);
    /** @type {Axes | null} */
    this.axes = null;
    /** @type {number[]} heads that are marked: one that is open, then those nearest to it */
    this.kept = [];
    const listener = {
      point: (/** @type {number} */ at) => this.point(at),
      open: (/** @type {number} */ at) => open(this.heads[at]),
      words: (/** @type {number} */ at) => this.words(at),
    };
    this.points = new Points(listener, REACH);
    this.stage = this.points.stage;
    this.key = made("div", "atlas-heads-key");
    home.replaceChildren(this.stage, this.key);
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.stage);
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
    this.points.tell(-1);
    this.draw();
  }

  draw() {
    const width = this.stage.clientWidth;
    if (!this.axes || width < 120) return; // not laid out
    const { across, up, shade } = this.axes;
    const deep = across.score.id === "depth";
    const places = plane(width, deep ? [-ASIDE, STEPS + ASIDE] : [0, STEPS], [0, STEPS]);
    const count = this.heads.length;
    const [x, y] = [new Float32Array(count), new Float32Array(count)];
    for (let at = 0; at < count; at += 1) {
      const own = deep ? this.aside(this.heads[at]) : 0;
      x[at] = places.across.at(across.steps[this.heads[at]] + own);
      y[at] = places.up.at(up.steps[this.heads[at]]);
    }
    const size = Math.max(3, Math.min(9, 240 / Math.sqrt(count)));
    this.points.setPlaces(width, x, y, size);
    const axes = [ticksOf(across.score, places.across), ticksOf(up.score, places.up)];
    this.points.below.replaceChildren(...frame(width, axes[0], axes[1], across.score.title, up.score.title));
    this.paint(width, size);
    this.mark();
    const colour = shade ? `${shade.score.title} as colour` : this.axes.classes ? "categories as colour" : "";
    const rest = [`${across.score.title} across`, `${up.score.title} up`, colour].filter(Boolean).join(", ");
    this.stage.setAttribute(
      "aria-label",
      `${counted(count, "head")} as points: ${rest}. Arrow keys go from head to head, left and right by the one, up and down by the other. Enter shows a head with its nearest ones.`,
    );
  }

  /** Spread heads of a layer side by side instead of on top of each other. @param {number} at @returns {number} steps */
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
      return classes ? this.palettes.categorical[colourOf(step)] : plain;
    });
    const steps = shade ? shade.steps : classes;
    const colour = (/** @type {number} */ at) => colours[steps ? steps[this.heads[at]] : 0];
    const { canvas, x, y } = this.points;
    if (this.heads.length <= FEW) {
      const dots = Array.from(this.heads, (_, at) => ({ x: x[at], y: y[at], colour: colour(at) }));
      drawDots(canvas, width, dots, size / 2, edge);
    } else squares(canvas, width, x, y, size, colour);
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

  /** @param {number} place @returns {string[]} the head, then what is drawn of it */
  words(place) {
    const at = this.heads[place];
    const { across, up, shade, classes } = /** @type {Axes} */ (this.axes);
    const scores = [...new Set([up, across, ...(shade ? [shade] : [])])];
    return [
      `${this.bundle.model(at).name}, head ${this.bundle.place(at).join(".")}`,
      ...scores.map(({ score, steps }) => `${score.title} ${shown(score, steps[at])}`),
      ...(classes && classes[at] !== MISSING ? [`Categories: ${categoryText(this.bundle, classes[at])}`] : []),
    ];
  }

  /** Show a head in the tooltip. @param {number} place -1 for none */
  point(place) {
    if (place === this.points.at) return;
    const [title, ...rest] = place < 0 ? [""] : this.words(place);
    this.points.tell(place, made("strong", "", title), ...rest.map((line) => made("small", "", line)));
    this.mark();
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
    const held = this.kept.flatMap((head, turn) => {
      const at = this.heads.indexOf(head);
      const circle = node("circle", { class: turn ? "atlas-scatter-near" : "atlas-scatter-held", r: turn ? 6 : 8 });
      return at < 0 ? [] : [this.points.put(circle, at)];
    });
    const name = lit < 0 ? "" : this.bundle.place(this.heads[lit]).join(".");
    this.points.mark(lit >= 0 ? lit : this.points.at, name, held);
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.draw();
  }

  dispose() {
    this.points.dispose();
    this.sized.disconnect();
  }
}

/** The colour of a set of categories: its one category, or how many. @param {number} bits */
function colourOf(bits) {
  const has = [0, 1, 2, 3, 4, 5, 6, 7].filter((at) => bits & (1 << at));
  return has.length > 1 ? has.length + 3 : has.length ? has[0] + 1 : 0;
}

/**
 * An axis of steps with the values of its ticks.
 * @param {import("./bundle.js").Score} score
 * @param {{at: (step: number) => number}} places
 */
function ticksOf(score, places) {
  const ticks = (score.transform === "log" ? logTicks : linearTicks)(score.low, score.high, { whole: score.kind === "counts" });
  return { ticks, at: (/** @type {number} */ value) => places.at(stepOf(score, value)) };
}

/**
 * Tens of thousands of points, sharp on any screen, written as pixels, the rarest colour on top.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {number} size
 * @param {(at: number) => string} colour `#rrggbb`
 */
function squares(canvas, width, x, y, size, colour) {
  const { context, zoom } = sizeCanvas(canvas, width);
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
