/**
 * What two profiles do not have in common, in words: files call it by short keys.
 */

import { made } from "../shell/dom.js";

/** @typedef {import("../matrix/contrast.js").Differs} Differs */

const PROTOCOL = "protocol ";

/** What keys of a protocol stand for. @type {Record<string, string>} */
const NAMES = {
  bytes: "maximum bytes of a passage",
  bypassed: "passages read with a layer bypassed",
  certainty: "certainty of masks",
  clusters: "clusters of passages",
  corpus: "corpus",
  fold: "norm gains folded in",
  gradients: "gradients",
  groups: "groups of the sample",
  halves: "halves of a cluster",
  keys: "attention to keys",
  later: "what heads of later layers read",
  learned: "masks also learned",
  pairs: "pairs of words",
  queries: "queries that are counted",
  random: "random masks",
  relations: "list of relations",
  repeats: "repeated sequences",
  sample: "tokens of the sample",
  scored: "tokens that are scored",
  segment: "tokens that are repeated",
  seed: "random seed",
  sequence: "how passages are read",
  sequences: "number of repeated sequences",
  sparsity: "share of blocks pruned",
  threshold: "score a relation must exceed",
};

/** What values of a key stand for. @type {Record<string, Record<string, string>>} */
const VALUES = {
  later: { mlp: "the first MLP's output", embedding: "the embedding" },
};

/** A digest of which the first digits tell it from others. */
const DIGEST = /(sha256:[0-9a-f]{12})[0-9a-f]+/g;

/**
 * A line of a table: what differs, and how it is with either.
 * @param {Differs} differs
 * @returns {HTMLElement[]}
 */
export function differingCells(differs) {
  const [what, ...values] = worded(differs);
  const name = made("th", "", what);
  name.scope = "row";
  return [name, ...values.map(valueCell)];
}

/**
 * The same in a sentence, about the second of the two.
 * @param {Differs} differs
 */
export function differingText(differs) {
  const [what, first, second] = worded(differs).map((text) => text.replaceAll(DIGEST, "$1…"));
  return `${what} ${second} instead of ${first}`;
}

/** @param {Differs} differs */
function worded({ what, first, second }) {
  const key = what.startsWith(PROTOCOL) ? what.slice(PROTOCOL.length) : "";
  return [NAMES[key] ?? what, ...[first, second].map((value) => VALUES[key]?.[value] ?? value)];
}

/**
 * A value; a digest is cut, and whole where a pointer rests on it.
 * @param {string} value
 */
function valueCell(value) {
  const short = value.replaceAll(DIGEST, "$1…");
  const cell = made("td", "", short);
  if (short !== value) cell.title = value;
  return cell;
}
