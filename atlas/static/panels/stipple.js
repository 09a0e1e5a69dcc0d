/**
 * Dots over the cells of a heatmap whose value is within its error: the colour stays to be read, and
 * a dark dot with a light rim is seen on every colour, in light and dark, in print and without colour.
 */

/** Pixels of the rim around a dot. */
export const RIM = 0.75;
export const DOT = "#1d2430";
export const AROUND = "#ffffff";

/**
 * @param {number} width of a cell in pixels
 * @param {number} height
 * @returns {number} radius of its dot
 */
export function radius(width, height) {
  return Math.min(2.5, Math.max(0.8, Math.min(width, height) * 0.12));
}

/**
 * @param {HTMLCanvasElement} canvas that lies over the cells
 * @param {boolean[][] | null} marked null for none
 * @param {number} width of all cells in pixels
 * @param {number} height
 */
export function stipple(canvas, marked, width, height) {
  canvas.hidden = !marked;
  if (!marked) return;
  const zoom = Math.max(2, devicePixelRatio); // sharp where the page is enlarged or printed
  canvas.width = Math.round(width * zoom);
  canvas.height = Math.round(height * zoom);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(zoom, zoom);
  const [wide, high] = [width / (marked[0]?.length ?? 1), height / marked.length];
  const size = radius(wide, high);
  for (const [colour, reach] of /** @type {[string, number][]} */ ([[AROUND, size + RIM], [DOT, size]])) {
    context.fillStyle = colour;
    context.beginPath();
    marked.forEach((line, row) =>
      line.forEach((isMarked, column) => {
        if (!isMarked) return;
        const [x, y] = [(column + 0.5) * wide, (row + 0.5) * high];
        context.moveTo(x + reach, y);
        context.arc(x, y, reach, 0, 2 * Math.PI);
      }),
    );
    context.fill();
  }
}
