/**
 * What masks cost: the perplexity of every topic without pruning and under each kind of mask.
 */

import { grouped } from "../matrix/numbers.js";
import { header, made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/** @type {Record<string, string>} */
const KINDS = {
  unpruned: "the whole model",
  own: "the topic's own mask",
  common: "one mask for all topics",
  random: "as many blocks drawn at random",
  learned: "the topic's learned mask",
};

/**
 * @param {Matrix} matrix topics by masks
 * @param {number[]} order places of topics
 * @param {number} sparsity of the masks
 * @param {string} verdict on learned masks, empty for none
 * @returns {HTMLElement[]}
 */
export function perplexity({ rows, columns, values }, order, sparsity, verdict) {
  const table = made("table", "atlas-values");
  const caption = made("caption", "", `Perplexity per token at ${Number((100 * sparsity).toPrecision(3))} % pruned, on the passages that did not choose the mask. Lower: the text is predicted better.`);
  const [head, body, foot] = [made("thead"), made("tbody"), made("tfoot")];
  const names = columns.map((name) => {
    const cell = header(name);
    cell.append(made("small", "", KINDS[name] ?? ""));
    return cell;
  });
  head.append(line(header("topic"), names));
  for (const row of order) body.append(line(header(rows[row], "row"), cells(values[row])));
  foot.append(line(header("mean (geometric)", "row"), cells(columns.map((_, at) => mean(values.map((one) => one[at]))))));
  table.append(caption, head, body, foot);
  const scroll = made("div", "atlas-scroll atlas-mask-perplexity");
  scroll.tabIndex = 0;
  scroll.append(table);
  const found = verdict ? [made("p", "atlas-summary", `Learned masks: ${verdict}.`)] : [];
  return [made("h3", "", "What pruning costs"), ...found, scroll];
}

/**
 * The geometric mean, as of a loss that is averaged before it becomes a perplexity.
 * @param {(number | null)[]} values
 * @returns {number | null}
 */
export function mean(values) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return null;
  return Math.exp(known.reduce((sum, value) => sum + Math.log(value), 0) / known.length);
}

/**
 * @param {HTMLElement} first
 * @param {HTMLElement[]} rest
 */
function line(first, rest) {
  const row = made("tr");
  row.append(first, ...rest);
  return row;
}

/** @param {(number | null)[]} values */
function cells(values) {
  return values.map((value) => made("td", "", value === null ? "–" : digits(value)));
}

/** @param {number} value */
function digits(value) {
  return value < 1000 ? value.toPrecision(4) : grouped(Number(value.toPrecision(4)));
}
