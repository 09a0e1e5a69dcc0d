/**
 * The folded parts below a figure: filled when a reader opens them.
 */

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

/**
 * The data table of what is shown, where it is open.
 * @param {Heatmap} heatmap
 */
export async function fillTable(heatmap) {
  const { table } = await import("./data-table.js");
  const details = heatmap.part("table");
  details.querySelector(".atlas-scroll")?.remove();
  if (details.open) details.append(table(heatmap.shown));
}

/**
 * What stands behind the figure, once.
 * @param {Heatmap} heatmap
 * @param {string} role reading or origin
 */
export async function unfold(heatmap, role) {
  const details = heatmap.part(role);
  if (details.childElementCount > 1) return;
  const [behind] = await Promise.all([import("./origin.js"), heatmap.start()]);
  const told =
    role === "origin"
      ? behind.origin(heatmap.profile)
      : [await behind.reading(String(heatmap.element.dataset.figure))];
  if (details.childElementCount === 1) details.append(...told);
}
