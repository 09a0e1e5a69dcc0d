/**
 * Where keys lead on a grid of cells.
 */

/** @typedef {[number, number]} Cell row and column */

const PAGE = 10; // rows that PageUp and PageDown move by

/**
 * The cell that a key leads to; the first one where none was told before.
 * @param {KeyboardEvent} event
 * @param {Cell | null} cell
 * @param {number} rows
 * @param {number} columns
 * @returns {Cell | null} null for a key that leads nowhere
 */
export function moved({ key, ctrlKey, altKey, metaKey }, cell, rows, columns) {
  if (altKey || metaKey || !rows || !columns) return null;
  const [row, column] = cell ?? [0, 0];
  const [bottom, right] = [rows - 1, columns - 1];
  /** @type {Record<string, Cell>} */
  const moves = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [ctrlKey ? 0 : row, 0],
    End: [ctrlKey ? bottom : row, right],
    PageUp: [row - PAGE, column],
    PageDown: [row + PAGE, column],
  };
  const to = moves[key];
  if (!to) return null;
  if (!cell && key.startsWith("Arrow")) return [0, 0];
  return [Math.min(bottom, Math.max(0, to[0])), Math.min(right, Math.max(0, to[1]))];
}
