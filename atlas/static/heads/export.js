/**
 * Heads as comma-separated text: what the table shows of all that fit, a head a line.
 */

import { classesTold, relationsTold } from "./bundle.js";
import { field } from "../matrix/numbers.js";
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
    const values = columns.map(({ score, steps }) => (steps[at] === MISSING ? "" : short(valueOf(score, steps[at]))));
    const known = classes && classes[at] !== MISSING;
    const words = [
      ...(classes ? [known ? classesTold(bundle, classes[at]) : ""] : []),
      ...(planes.length ? [relationsTold(bundle, planes, at).join("; ")] : []),
    ];
    return [bundle.model(at).slug, String(layer), String(head), ...values, ...words];
  });
  return [top, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}

/** A value to the three digits that its step is good for. @param {number} value */
function short(value) {
  return String(Number(value.toPrecision(3)));
}
