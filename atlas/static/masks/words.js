/**
 * Words about masks: about a block, a topic, all of them.
 */

import { KINDS, NAMES } from "./data.js";
import { number } from "../matrix/numbers.js";

/** @typedef {import("./data.js").Masks} Masks */
/** @typedef {import("./data.js").Blocks} Blocks */
/** @typedef {import("./data.js").Kind} Kind */
/** @typedef {import("./data.js").Topic} Topic */

const LISTED = 8; // blocks that a sentence has room for

/**
 * @param {Kind} kind
 * @param {string} layer label
 */
export function blockText(kind, layer) {
  return `${NAMES[kind]} block of layer ${layer}`;
}

/** @param {number} value */
export function stateText(value) {
  return value ? "kept" : "pruned";
}

/**
 * @param {Masks} masks
 * @param {number} topic
 * @param {Kind} kind
 * @param {number} layer
 */
export function deltaText(masks, topic, kind, layer) {
  return `${masks.deltas[kind][topic][layer]} ${masks.unit}`;
}

/**
 * @param {Masks} masks
 * @param {number} topic
 * @param {Kind} kind
 * @param {number} layer
 */
export function rankText(masks, topic, kind, layer) {
  return `rank ${masks.rank(topic, kind, layer)} of the topic's ${masks.blocks} blocks, smallest delta first`;
}

/** @param {Topic | undefined} topic */
export function centralSentence(topic) {
  return topic ? `Central sentence: “${topic.sentence}”` : "";
}

/** @param {Topic | undefined} topic */
export function topicText(topic) {
  return topic ? `topic ${topic.cluster}, ${topic.passages} passages` : "";
}

/**
 * A sentence about all masks: which blocks no topic keeps, which all do, which only some do.
 * @param {Masks} masks
 * @param {Blocks} shown
 * @returns {string}
 */
export function summary({ layers, topics }, shown) {
  /** @type {string[]} */
  const never = [];
  let [always, some] = [0, 0];
  for (const [layer, label] of layers.entries()) {
    for (const kind of KINDS) {
      const kept = shown[kind].filter((line) => line[layer]).length;
      if (kept === 0) never.push(`${NAMES[kind]} ${label}`);
      else if (kept === topics.length) always += 1;
      else some += 1;
    }
  }
  const listed = never.slice(0, LISTED).join(", ") + (never.length > LISTED ? ` and ${never.length - LISTED} more` : "");
  const none = never.length ? `${never.length} (${listed})` : "none";
  return `Of ${2 * layers.length} blocks, ${always} are kept for every topic, ${some} for some topics only; pruned for every topic: ${none}.`;
}

/**
 * @param {number} count
 * @param {number} blocks
 */
export function shareText(count, blocks) {
  return `${count} of ${blocks} blocks (${number((100 * count) / blocks)} %)`;
}
