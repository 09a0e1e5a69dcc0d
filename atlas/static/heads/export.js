/**
 * Heads as comma-separated text: what the table shows of all that fit, a head a line.
 */

import { categoryText, relationTexts } from "./bundle.js";
import { field, rounded } from "../matrix/numbers.js";
import { MISSING, valueOf } from "../matrix/scales.js";

/**
 * @param {import("./bundle.js").HeadBundle} bundle
 * @param {Int32Array} heads
 * @param {import("./table.js").Data} data
 * @returns {string}
 */
export function csv(bundle, heads, { columns, classes, planes }) {
  const names = columns.map(({ score }) => (score.analysis ? `${score.analysis}/${score.name}` : "relative_depth"));
  const top = ["model", "layer", "head", ...names, ...(classes ? ["categories"] : []), ...(planes.length ? ["relations"] : [])];
  const lines = [...heads].map((at) => {
    const [layer, head] = bundle.place(at);
    const values = columns.map(({ score, steps }) => (steps[at] === MISSING ? "" : String(rounded(valueOf(score, steps[at]), 3))));
    const known = classes && classes[at] !== MISSING;
    const words = [
      ...(classes ? [known ? categoryText(bundle, classes[at]) : ""] : []),
      ...(planes.length ? [relationTexts(bundle, planes, at).join("; ")] : []),
    ];
    return [bundle.model(at).slug, String(layer), String(head), ...values, ...words];
  });
  return [top, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}
