/**
 * Words about masks: about a block, a topic, all of them, and how they were made.
 */

import { source } from "../drawing/source.js";
import { counted, number, scalar } from "../matrix/numbers.js";
import { KINDS } from "./data.js";

/** @typedef {import("./data.js").Masks} Masks */
/** @typedef {import("./data.js").Blocks} Blocks */
/** @typedef {import("./data.js").Kind} Kind */
/** @typedef {import("./data.js").Topic} Topic */

const LISTED = 8; // blocks that a sentence has room for
const ABSENT = "the layer has no such block";
export const DELTA = "Loss increase without the block";

/**
 * @param {Masks} masks
 * @param {Kind} kind
 * @param {string} layer label
 */
export function blockText(masks, kind, layer) {
  return `${masks.name(kind)} block of layer ${layer}`;
}

/**
 * A kind of block within a sentence.
 * @param {Masks} masks
 * @param {Kind} kind
 */
export function kindText(masks, kind) {
  return kind === "attn" ? masks.name(kind).toLowerCase() : masks.name(kind);
}

/** @param {number | null} value */
export function stateText(value) {
  if (value === null) return ABSENT;
  return value ? "kept" : "pruned";
}

/**
 * @param {Masks} masks
 * @param {number} topic
 * @param {Kind} kind
 * @param {number} layer
 */
export function deltaText(masks, topic, kind, layer) {
  const delta = masks.deltas[kind][topic][layer];
  return delta === null ? ABSENT : `${scalar(delta)} ${masks.unit}`;
}

/**
 * @param {Masks} masks
 * @param {number} topic
 * @param {Kind} kind
 * @param {number} layer
 */
export function rankText(masks, topic, kind, layer) {
  if (masks.deltas[kind][topic][layer] === null) return "";
  return `rank ${masks.rank(topic, kind, layer)} of the topic's ${masks.blocks} blocks, smallest increase first`;
}

/** @param {Topic | undefined} topic */
export function centralSentence(topic) {
  return topic ? `Central sentence: “${topic.sentence}”` : "";
}

/** @param {Topic | undefined} topic */
export function topicText(topic) {
  return topic ? `topic ${topic.cluster}, ${counted(topic.passages, "passage")}` : "";
}

/**
 * A sentence about all masks: which blocks no topic keeps, which all do, which only some do.
 * @param {Masks} masks
 * @param {Blocks} shown
 * @returns {string}
 */
export function summary(masks, shown) {
  const { layers, topics, blocks } = masks;
  /** @type {string[]} */
  const never = [];
  let [always, some] = [0, 0];
  for (const [layer, label] of layers.entries()) {
    for (const kind of KINDS.filter((one) => shown[one][0][layer] !== null)) {
      const kept = shown[kind].filter((line) => line[layer]).length;
      if (kept === 0) never.push(`${kindText(masks, kind)} ${label}`);
      else if (kept === topics.length) always += 1;
      else some += 1;
    }
  }
  const listed = never.slice(0, LISTED).join(", ") + (never.length > LISTED ? ` and ${never.length - LISTED} more` : "");
  const kept = `Of ${blocks} blocks, ${always} are kept for every topic`;
  const hatched = blocks < 2 * layers.length ? " Hatched: the layer has no such block." : "";
  if (!never.length) return `${kept} and ${some} for some topics; none is pruned for every topic.${hatched}`;
  return `${kept}, ${some} for some topics and ${never.length} for none (${listed}).${hatched}`;
}

/**
 * @param {number} count
 * @param {number} blocks
 */
export function shareText(count, blocks) {
  return `${count} of ${counted(blocks, "block")} (${percent(count / blocks)})`;
}

/** @param {number} share */
export function percent(share) {
  return `${number(100 * share)}%`;
}

/**
 * How masks were made that prune so many blocks.
 * @param {Masks} masks
 * @param {number} count
 */
export function ruleText(masks, count) {
  return `${shareText(count, masks.blocks)} pruned for every topic, those with the smallest loss increase`;
}

/**
 * What the scale of the loss increases leaves out.
 * @param {Masks} masks
 * @param {number} bound
 */
export function boundText({ unit }, bound) {
  return `${DELTA}: ${unit}; colours do not change beyond ±${number(bound)}.`;
}

/**
 * The text that masks were measured on, and where their numbers come from.
 * @param {Masks} masks
 * @returns {string[]}
 */
export function origin({ profile, topics }) {
  const { corpus, passages } = profile.conditions ?? {};
  if (!corpus || !passages) return [source(profile)];
  return [`${counted(topics.length, "topic")} of ${counted(passages, "passage")}, corpus ${corpus}.`, source(profile)];
}
