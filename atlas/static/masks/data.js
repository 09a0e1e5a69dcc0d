/**
 * The blocks in a profile of `masks`: which are kept at a sparsity, and what each is worth.
 */

import { cheapest, distances, prunedCount, shortest } from "../matrix/block-masks.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {"mlp"|"attn"} Kind */
/** @typedef {Record<Kind, (number | null)[][]>} Blocks a value for every topic and layer, by kind of block; null
 * for a block that its layer has not */
/** @typedef {{model: {slug: string}, protocol: Record<string, any>, conditions?: Record<string, any>, facts?: Record<string, any>, matrices: Matrix[]}} Profile */
/** @typedef {{cluster: number, label: string, words: string[], sentence: string, passages: number}} Topic */

export const KINDS = /** @type {const} */ (["mlp", "attn"]); // in the order of the panels
/** @type {Record<Kind, string>} */
const NAMES = { mlp: "MLP", attn: "Attention" };

/** Share of the deltas within the scale; colours beyond do not change. Of eight layers, the first one
 * has an eighth of all deltas. */
const UNCLIPPED = 0.85;

/** The masks of one model. */
export class Masks {
  /** @param {Profile} profile `masks.json` */
  constructor(profile) {
    const { protocol, facts, matrices } = profile;
    const named = new Map(matrices.map((matrix) => [matrix.name, matrix]));
    const both = (/** @type {string} */ what) =>
      /** @type {Blocks} */ (Object.fromEntries(KINDS.map((kind) => [kind, named.get(`${what}:${kind}`)?.values])));
    this.deltas = both("delta");
    this.published = both("mask");
    this.learned = named.has("learned:mlp") ? both("learned") : null;
    const perplexity = named.get("perplexity");
    /** Losses under masks. @type {import("./perplexity.js").Costs | null} */
    this.costs = perplexity ? { loss: named.get("loss") ?? null, perplexity, facts: facts ?? {} } : null;
    const { rows, columns, unit } = /** @type {Matrix} */ (named.get("delta:mlp"));
    this.topics = rows;
    this.layers = columns;
    this.unit = unit;
    this.sparsity = Number(protocol.sparsity);
    this.profile = profile;
    /** How learned masks did beside the others, in words. @type {string} */
    this.verdict = facts?.learned_against_own ?? "";
  }

  /**
   * What a kind of block is called: some models mix tokens by something else than attention.
   * @param {Kind} kind
   */
  name(kind) {
    return kind === "attn" && this.profile.conditions?.mixers ? "Mixer" : NAMES[kind];
  }

  /** Blocks of a topic. */
  get blocks() {
    return this.chain(0).filter((delta) => delta !== null).length;
  }

  /** Topics in the order in which similar ones are neighbours. @returns {number[]} */
  get similar() {
    return shortest(this.distances);
  }

  /** How far topics lie apart. @returns {number[][]} */
  get distances() {
    const flat = (/** @type {Blocks} */ { mlp, attn }) => mlp.map((line, row) => [...line, ...attn[row]]);
    return distances(flat(this.published), flat(this.deltas));
  }

  /**
   * A topic's deltas in the order of the model's blocks: attention before MLP in every layer.
   * @param {number} topic
   */
  chain(topic) {
    return this.layers.flatMap((_, layer) => [this.deltas.attn[topic][layer], this.deltas.mlp[topic][layer]]);
  }

  /**
   * Blocks of a topic that a sparsity prunes.
   * @param {number} sparsity share of all blocks
   */
  count(sparsity) {
    return prunedCount(sparsity, this.blocks);
  }

  /**
   * Masks that prune `count` blocks of every topic: those with the smallest delta; of equal ones the
   * first in the model.
   * @param {number} count
   * @returns {Blocks} 1 for kept, 0 for pruned
   */
  kept(count) {
    const lines = cheapest(this.topics.map((_, topic) => this.chain(topic)), count);
    const every = (/** @type {number} */ first) => lines.map((line) => line.filter((_, at) => at % 2 === first));
    return { attn: every(0), mlp: every(1) };
  }

  /**
   * A delta's place among those of its topic, 1 for the smallest: the block that is pruned first.
   * @param {number} topic
   * @param {Kind} kind
   * @param {number} layer
   */
  rank(topic, kind, layer) {
    const deltas = this.chain(topic);
    const [own, value] = [2 * layer + Number(kind === "mlp"), this.deltas[kind][topic][layer]];
    if (value === null) return 0;
    return 1 + deltas.filter((delta, at) => delta !== null && (delta < value || (delta === value && at < own))).length;
  }
}

/**
 * How many blocks are pruned, over all topics.
 * @param {Blocks} masks
 * @param {Kind} kind
 */
export function pruned(masks, kind) {
  return masks[kind].flat().filter((value) => value === 0).length;
}

/**
 * How many deltas are below 0, where the model does better without the block.
 * @param {Blocks} deltas
 * @param {Kind} kind
 */
export function below(deltas, kind) {
  return deltas[kind].flat().filter((value) => value !== null && value < 0).length;
}

/**
 * How many blocks of a kind there are, over all topics.
 * @param {Blocks} masks
 * @param {Kind} kind
 */
export function existing(masks, kind) {
  return masks[kind].flat().filter((value) => value !== null).length;
}

/**
 * The size of a delta beyond which colours no longer change: single blocks, the first ones above
 * all, are worth many times the others.
 * @param {Blocks[]} deltas of all panels
 * @returns {{bound: number, most: number, least: number}}
 */
export function extent(deltas) {
  const values = deltas.flatMap((one) => KINDS.flatMap((kind) => one[kind].flat().filter((value) => value !== null)));
  const sizes = values.map(Math.abs).sort((a, b) => a - b);
  const bound = sizes[Math.ceil(UNCLIPPED * sizes.length) - 1] ?? 0;
  return { bound, most: Math.max(...values), least: Math.min(...values) };
}
