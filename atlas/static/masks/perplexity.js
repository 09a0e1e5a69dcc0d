/**
 * What masks cost: the loss on every topic without pruning and under each kind of mask, in bits per
 * byte, with the perplexity per token beside it.
 */

import { decimals, exponent } from "../matrix/numbers.js";
import { header, made } from "../shell/dom.js";
import { percent } from "./words.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {{loss: Matrix | null, perplexity: Matrix, facts: Record<string, any>}} Costs `loss` is null in profiles of version 1 */

const DIGITS = 4; // of each value, so that those of a column can be compared

/** @type {Record<string, string>} */
const KINDS = {
  unpruned: "the full model",
  own: "the topic's own mask",
  common: "one mask for all topics",
  random: "as many blocks pruned at random",
  learned: "the topic's learned mask",
};

/**
 * @param {Costs} costs topics by masks
 * @param {number[]} order places of topics
 * @param {number} sparsity of the masks
 * @param {string} verdict on learned masks, empty for none
 * @returns {HTMLElement[]}
 */
export function perplexity(costs, order, sparsity, verdict) {
  const { loss, perplexity: { rows, columns, values } } = costs;
  const table = made("table", "atlas-values");
  const caption = made("caption", "", `${told(loss)} with ${percent(sparsity)} of the blocks pruned. Each mask is tested on passages that had no part in choosing it. Lower is better.`);
  const [head, body, foot] = [made("thead"), made("tbody"), made("tfoot")];
  const names = columns.map((name) => {
    const cell = header(name);
    cell.append(made("small", "", KINDS[name] ?? ""));
    return cell;
  });
  head.append(line(header("Topic"), names));
  for (const row of order) body.append(line(header(rows[row], "row"), cells(loss?.values[row], values[row])));
  const all = whole(columns, costs.facts);
  if (all) foot.append(line(header("All passages", "row"), cells(loss ? all.loss : undefined, all.perplexity)));
  table.append(caption, head, body, foot);
  const scroll = made("div", "atlas-scroll atlas-mask-perplexity");
  scroll.tabIndex = 0;
  scroll.append(table);
  const found = verdict ? [made("p", "atlas-summary", `Learned masks: ${verdict}.`)] : [];
  return [made("h3", "", "What pruning costs"), ...found, scroll];
}

/** What a cell holds. @param {Matrix | null} loss */
function told(loss) {
  return loss ? "Bits per byte, and below in small print perplexity per token, which cannot be compared between tokenizers," : "Perplexity per token";
}

/**
 * The losses of all passages under each kind of mask, ratios of sums like those of a topic; null
 * where the profile does not tell them.
 * @param {string[]} columns
 * @param {Record<string, any>} facts
 * @returns {{loss: (number | null)[], perplexity: (number | null)[]} | null}
 */
export function whole(columns, facts) {
  const loss = columns.map((name) => facts[name === "unpruned" ? "bits_per_byte" : `bits_per_byte_${name}`] ?? null);
  const each = columns.map((name) => facts[`perplexity_${name}`] ?? null);
  return each.every((value) => value === null) ? null : { loss, perplexity: each };
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

/**
 * @param {(number | null)[] | undefined} losses
 * @param {(number | null)[]} perplexities
 */
function cells(losses, perplexities) {
  return perplexities.map((value, at) => {
    const cell = made("td", "", digits(losses ? losses[at] : value));
    if (losses) cell.append(made("small", "", digits(value)));
    return cell;
  });
}

/** @param {number | null} value */
function digits(value) {
  if (value === null) return "–";
  return decimals(value, Math.max(0, DIGITS - 1 - exponent(value)));
}
