/**
 * A figure as a file: CSV of the matrix as its JSON file has it, SVG and PNG of what is shown.
 */

import { columnLabels, rowLabels, shades } from "./layout.js";
import { classes, csv, direction, isWhole } from "../matrix/numbers.js";
import { axisTitle } from "../matrix/column-order.js";
import { png, svg } from "./picture.js";
import { colour } from "../matrix/scales.js";
import { download } from "../shell/dom.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

/**
 * @param {Heatmap} heatmap
 * @param {string} kind csv, svg or png
 */
export async function save(heatmap, kind) {
  const name = `${heatmap.element.dataset.file}.${heatmap.matrix.name.replaceAll(/[:@]/g, "-")}.${kind}`;
  if (kind === "csv") return download(name, new Blob([csv(heatmap.matrix)], { type: "text/csv" }));
  return downloadPicture(name, kind, svg(content(heatmap)));
}

/**
 * @param {Heatmap} heatmap
 * @returns {import("./picture.js").Content}
 */
function content(heatmap) {
  const { shown: matrix, element, box, order, deep, off } = heatmap;
  const { shares, ticks, text } = colour(matrix, heatmap.part("scale").value);
  const palette = shades(heatmap);
  const labelled = classes(matrix).map((label, at) => ({ label, colour: palette[at] }));
  return {
    matrix,
    shares,
    palette,
    ticks,
    axes: [axisTitle(matrix, 0, order, deep), axisTitle(matrix, 1, order, deep)],
    rows: rowLabels(heatmap),
    columns: columnLabels(heatmap),
    classes: isWhole(matrix) ? labelled.filter((_, at) => !off.has(at)) : [],
    lines: [
      `${matrix.title} of ${element.dataset.name}`,
      `${[matrix.unit, direction(matrix)].filter(Boolean).join(". ")}.`,
      `Colour: ${text}. ${element.dataset.file}.json, ${matrix.name}`,
    ],
    width: Math.max(320, box.width),
    height: box.height,
  };
}

/**
 * @param {string} name
 * @param {string} kind svg or png
 * @param {string} picture an SVG document
 */
export async function downloadPicture(name, kind, picture) {
  download(name, kind === "png" ? await png(picture) : new Blob([picture], { type: "image/svg+xml" }));
}
