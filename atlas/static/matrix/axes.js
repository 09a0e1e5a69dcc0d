/**
 * The same in `atlas/site/figures/column_order.py`.
 *
 * What axes are called where a reader meets them.
 */

/** Names that differ from those in profiles. @type {Record<string, string>} */
const NAMES = { module: "Component", cluster: "Topic", sublayer: "Block" };

/**
 * The title of an axis: `Layer`, `Component`.
 * @param {string} axis as profiles name it
 */
export function axisNamed(axis) {
  const plain = axis.replaceAll("_", " ");
  return NAMES[axis] ?? `${plain[0].toUpperCase()}${plain.slice(1)}`;
}
