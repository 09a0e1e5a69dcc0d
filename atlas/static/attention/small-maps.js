/**
 * All scores of heads as small maps in one row, on one scale each: a row is a layer, a column a head.
 * They stand beside the points, so that both are in sight when one lights the other.
 */

import { Marks, whole } from "../panels/marks.js";
import { MISSING, STEPS } from "../matrix/scales.js";
import { cellAt, paint, pixels } from "../panels/canvas.js";
import { made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

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
    this.maps = scores.map((matrix) => {
      const [canvas, marks, frame] = [made("canvas"), new Marks(), made("div", "atlas-small-frame")];
      const home = made("figure", "atlas-small-map");
      frame.style.aspectRatio = `${Math.min(2, Math.max(0.75, matrix.columns.length / matrix.rows.length))}`;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${matrix.title}, heads of every layer`);
      frame.append(canvas, marks.element);
      home.append(made("figcaption", "", matrix.title), frame);
      this.element.append(home);
      const number = (/** @type {MouseEvent} */ event) => {
        const at = cellAt(canvas, event);
        return at ? at[0] * matrix.columns.length + at[1] : -1;
      };
      canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && point(number(event)));
      canvas.addEventListener("pointerleave", () => point(-1));
      canvas.addEventListener("click", (event) => {
        const at = number(event);
        point(at);
        if (at >= 0) open(at);
      });
      return { matrix, canvas, marks };
    });
  }

  /**
   * @param {(matrix: Matrix) => [number, number]} ends the values at both ends of the colours
   */
  paint(ends) {
    for (const { matrix, canvas } of this.maps) {
      const [low, high] = ends(matrix);
      const share = (/** @type {number} */ value) => (high > low ? (value - low) / (high - low) : 0.5);
      const steps = Uint8Array.from(matrix.values.flat(), (value) =>
        value === null ? MISSING : Math.round(share(value) * STEPS),
      );
      paint(canvas, { rows: matrix.rows, columns: matrix.columns, steps }, this.colours);
    }
  }

  /**
   * @param {number} row that is lit, -1 for none
   * @param {number} column
   * @param {number} held number of the head that the address has, -1 for none
   */
  mark(row, column, held) {
    for (const { matrix, marks } of this.maps) {
      const many = matrix.columns.length;
      const ranges = whole(matrix.rows.length, many);
      marks.light(ranges, row, column);
      marks.hold(ranges, held < 0 ? -1 : Math.floor(held / many), held < 0 ? -1 : held % many);
    }
  }
}
