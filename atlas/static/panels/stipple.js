/**
 * Dots over the cells of a heatmap whose value is within its error: the colour stays to be read, and
 * a dark dot with a light rim is seen on every colour, in light and dark, in print and without colour.
 */

/** Pixels of the rim around a dot. */
export const RIM = 0.75;
export const DOT = "#1d2430";
export const AROUND = "#ffffff";

/** Pixels below which a cell is too flat for a dot that is seen by itself. */
const FLAT = 10;
/** Pixels between the dots of a flat cell. */
const APART = 16;

/**
 * @param {number} width of a cell in pixels
 * @param {number} height
 * @returns {number} radius of its dot
 */
export function radius(width, height) {
  return Math.min(2.5, Math.max(0.9, Math.min(width, height) * 0.12));
}

/**
 * Where the dots of marked cells lie: in their middles. Flat cells have one every few pixels, in every
 * other row aside, so that dots fill an area instead of joining to lines.
 * @param {boolean[][]} marked
 * @param {number} wide width of a cell in pixels
 * @param {number} high
 * @returns {Generator<[number, number]>}
 */
export function* dots(marked, wide, high) {
  const isFlat = high < FLAT && wide > 2 * high;
  const [lean, count] = isFlat ? [0.25, Math.max(1, Math.round(wide / APART))] : [0, 1];
  for (const [row, line] of marked.entries()) {
    for (const [column, isMarked] of line.entries()) {
      for (let at = 0; isMarked && at < count; at += 1) {
        const share = (at + 0.5 + (row % 2 ? lean : -lean)) / count;
        yield [(column + share) * wide, (row + 0.5) * high];
      }
    }
  }
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
    for (const [x, y] of dots(marked, wide, high)) {
      context.moveTo(x + reach, y);
      context.arc(x, y, reach, 0, 2 * Math.PI);
    }
    context.fill();
  }
}
