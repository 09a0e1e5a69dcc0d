/**
 * All scores of heads as small maps, each coloured over its own range: layers across, heads down. They
 * are next to the points, so that both are in sight when one lights the other.
 */

import { axes, labelled } from "../panels/axes.js";
import { Marks, whole } from "../panels/marks.js";
import { MISSING, STEPS } from "../matrix/scales.js";
import { cellAt, paint, pixels } from "../panels/canvas.js";
import { made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

const [ASIDE, BELOW] = [22, 13]; // pixels from a number of an axis to the next
const [NARROWEST, WIDEST] = [0.75, 2]; // width of a map by its height

export class SmallMaps {
  /**
   * @param {Matrix[]} scores of the same heads
   * @param {string[]} palette
   * @param {(at: number) => void} point a head by its number; -1 for none
   * @param {(at: number) => void} open
   */
  constructor(scores, palette, point, open) {
    this.scores = scores;
    this.colours = pixels(
      { kind: "sequential", transform: "linear", low: 0, high: 1, below: false, above: false, categories: [] },
      { sequential: palette },
    );
    this.element = made("div", "atlas-small-maps");
    /** Places of the layers and the heads that the axes label. @type {[number[], number[]]} */
    this.labelled = [[], []];
    this.maps = scores.map((matrix) => {
      const [canvas, marks, frame, plot] = [made("canvas"), new Marks(), made("div", "atlas-axed"), made("div", "atlas-small-plot")];
      const [home, range] = [made("figure", "atlas-small-map"), made("small")];
      plot.style.aspectRatio = `${Math.min(WIDEST, Math.max(NARROWEST, matrix.rows.length / matrix.columns.length))}`;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${matrix.title}, heads by layers`);
      plot.append(canvas, marks.element);
      frame.append(plot);
      const caption = made("figcaption", "", matrix.title);
      caption.append(" ", range);
      home.append(caption, frame);
      this.element.append(home);
      this.listen(canvas, matrix, point, open);
      return { matrix, canvas, marks, frame, range };
    });
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Matrix} matrix
   * @param {(at: number) => void} point
   * @param {(at: number) => void} open
   */
  listen(canvas, matrix, point, open) {
    const number = (/** @type {MouseEvent} */ event) => {
      const at = cellAt(canvas, event);
      return at ? at[1] * matrix.columns.length + at[0] : -1;
    };
    canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && point(number(event)));
    canvas.addEventListener("pointerleave", () => point(-1));
    canvas.addEventListener("click", (event) => {
      const at = number(event);
      point(at);
      if (at >= 0) open(at);
    });
  }

  /**
   * @param {(matrix: Matrix) => [number, number]} ends the values at both ends of the colours
   * @param {(ends: [number, number]) => string} told
   */
  paint(ends, told) {
    for (const { matrix, canvas, range } of this.maps) {
      const [low, high] = ends(matrix);
      const share = (/** @type {number} */ value) => (high > low ? (value - low) / (high - low) : 0.5);
      const step = (/** @type {number | null} */ value) => (value === null ? MISSING : Math.round(share(value) * STEPS));
      const steps = Uint8Array.from(matrix.columns.flatMap((_, head) => matrix.values.map((line) => step(line[head]))));
      paint(canvas, { rows: matrix.columns, columns: matrix.rows, steps }, this.colours);
      range.textContent = told([low, high]);
    }
    this.label();
  }

  /** Number the layers and heads, as there is room for. */
  label() {
    const { rows, columns } = this.scores[0];
    const { clientWidth, clientHeight } = this.maps[0].canvas;
    if (!clientWidth) return; // not laid out
    this.labelled = [labelled(rows.length, clientWidth, ASIDE), labelled(columns.length, clientHeight, BELOW)];
    for (const { frame } of this.maps) {
      frame.querySelector(".atlas-axes")?.remove();
      frame.append(axes({ title: "Layer", labels: rows, shown: this.labelled[0] }, { title: "Head", labels: columns, shown: this.labelled[1] }));
    }
  }

  /**
   * @param {number} layer that is lit, -1 for none
   * @param {number} head
   * @param {number} held number of the head that the address has, -1 for none
   */
  mark(layer, head, held) {
    for (const { matrix, marks } of this.maps) {
      const many = matrix.columns.length;
      const ranges = whole(many, matrix.rows.length);
      marks.light(ranges, head, layer);
      marks.hold(ranges, held < 0 ? -1 : held % many, held < 0 ? -1 : Math.floor(held / many));
    }
  }
}
