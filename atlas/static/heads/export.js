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
  const shares = new Set(columns.filter(({ score }) => heads.some((at) => bundle.sure(at, score, 0))));
  const names = columns.flatMap((column) => {
    const { score } = column;
    const name = score.analysis ? `${score.analysis}/${score.name}` : "relative_depth";
    return shares.has(column) ? [name, ...SURE.map((what) => `${name} ${what}`)] : [name];
  });
  const top = ["model", "layer", "head", ...names, ...(classes ? ["categories"] : []), ...(planes.length ? ["relations"] : [])];
  const lines = [...heads].map((at) => {
    const [layer, head] = bundle.place(at);
    const values = columns.flatMap((column) => {
      const { score, steps } = column;
      const value = steps[at] === MISSING ? null : valueOf(score, steps[at]);
      const sure = value === null ? null : bundle.sure(at, score, value);
      const told = [value, ...(shares.has(column) ? [sure?.low, sure?.high, sure?.chance] : [])];
      return told.map((one) => (one === null || one === undefined ? "" : String(rounded(one, 3))));
    });
    const known = classes && classes[at] !== MISSING;
    const words = [
      ...(classes ? [known ? categoryText(bundle, classes[at]) : ""] : []),
      ...(planes.length ? [relationTexts(bundle, planes, at).join("; ")] : []),
    ];
    return [bundle.model(at).slug, String(layer), String(head), ...values, ...words];
  });
  return [top, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}

/** What stands behind a share of pairs. */
const SURE = ["interval low", "interval high", "chance at most"];
