/**
 * All heads of all models, as `atlas/site/heads/index.py` packs and describes them: a column of bytes
 * a score, fetched when it is asked for.
 */

import { interval, shareOf } from "../matrix/chance.js";
import { MISSING, STEPS } from "../matrix/scales.js";
import { fetchBytes, fetchJson } from "../shell/fetch.js";

/** @typedef {import("../matrix/scales.js").Shared} Scale */

/**
 * @typedef {object} Model
 * @property {string} slug
 * @property {string} name
 * @property {string} family
 * @property {number} layers
 * @property {number} heads
 * @property {number} first number of its first head
 * @property {string[]} tags
 * @property {boolean} reference
 * @property {string | null} base
 * @property {string | null} made
 * @property {boolean} stale
 * @property {Record<string, number>} groups
 * @property {[string, string] | null} place
 * @property {number[]} asked
 * @property {number[]} pairs
 * @property {[number, number] | null} ks
 * @property {Record<string, number>} chance
 * @property {number} set
 */
/**
 * @typedef {Scale & {id: string, analysis: string, name: string, title: string, unit: string, direction: string,
 *   least: boolean, part: number, offset: number, others?: string[]}} Score
 */
/** @typedef {{head: number, distance: number, scores: number[]}} Near a head, its distance, and what was measured of both */
/** @typedef {{analysis: string, name: string, title: string, group: number, relation: string}} Print */
/**
 * @typedef {object} Nearest
 * @property {string[]} parts
 * @property {number} rows
 * @property {number} count
 * @property {number | null} usual
 * @property {number | null} close
 * @property {number} fewest
 * @property {Print[]} scores
 * @property {number[][]} sets
 */

/** The name of a share of pairs: whether gains were folded, the relation, and k. */
const SHARE = /^(folded_)?(?:score|suppressive):([a-z][a-z0-9-]*)@(\d+)$/;

export const SILENT = 0; // no function was found of a head

export class HeadBundle {
  /**
   * @param {any} index
   * @param {URL} url of the index; the parts lie beside it
   */
  constructor(index, url) {
    this.url = url;
    /** @type {number} */
    this.count = index.heads;
    /** @type {Model[]} */
    this.models = index.models;
    /** @type {string[]} */
    this.categories = index.categories;
    /** @type {{name: string, title: string}[]} */
    this.relations = index.relations;
    /** By analysis, how models were measured. @type {Record<string, {apart: string}[]>} */
    this.groups = index.groups;
    /** @type {[number, number] | null} */
    this.classes = index.classes;
    /** @type {[number, number] | null} */
    this.functions = index.functions;
    /** @type {[number, number][]} */
    this.has = index.has;
    /** @type {Nearest | null} */
    this.near = index.nearest;
    /** @type {string[]} */
    this.files = index.parts;
    /** @type {Map<string, Promise<ArrayBuffer>>} */
    this.parts = new Map();
    /** @type {Uint8Array | undefined} */
    this.depths = undefined;
    /** @type {Map<string, Score>} */
    this.scores = new Map([["depth", DEPTH]]);
    for (const score of index.scores) {
      const id = `${score.analysis}/${score.name}`;
      this.scores.set(id, { ...score, id, above: false, categories: [] });
    }
    /** Place of its model, of every head. */
    this.owner = new Uint16Array(this.count);
    this.models.forEach(({ first, layers, heads }, at) => this.owner.fill(at, first, first + layers * heads));
  }

  /**
   * @param {URL} url
   * @returns {Promise<HeadBundle>}
   */
  static async load(url) {
    const index = await fetchJson(url);
    if (index.format !== 2) throw new Error(`a bundle of format ${index.format}; reload the page`);
    return new HeadBundle(index, url);
  }

  /** @param {number} at @returns {Model} */
  model(at) {
    return this.models[this.owner[at]];
  }

  /** Layer and head within its model. @param {number} at @returns {[number, number]} */
  place(at) {
    const { first, heads } = this.model(at);
    return [Math.floor((at - first) / heads), (at - first) % heads];
  }

  /** As addresses name it: `ref-llama/2.3`. @param {number} at */
  name(at) {
    return `${this.model(at).slug}/${this.place(at).join(".")}`;
  }

  /** @param {string} name as an address has it @returns {number} -1 where there is none */
  find(name) {
    const said = /^([^/]+)\/(\d{1,4})\.(\d{1,4})$/.exec(name);
    const model = said && this.models.find(({ slug }) => slug === said[1]);
    if (!said || !model) return -1;
    const [layer, head] = [Number(said[2]), Number(said[3])];
    return layer < model.layers && head < model.heads ? model.first + layer * model.heads + head : -1;
  }

  /** Relative depth of a head's layer, 0 the first and 1 the last. @param {number} at */
  depth(at) {
    const { layers } = this.model(at);
    return layers > 1 ? this.place(at)[0] / (layers - 1) : 0;
  }

  /**
   * The steps of a score, a byte a head.
   * @param {Score} score
   * @returns {Promise<Uint8Array>}
   */
  async column(score) {
    if (score === DEPTH) {
      this.depths ??= Uint8Array.from({ length: this.count }, (_, at) => Math.round(this.depth(at) * STEPS));
      return this.depths;
    }
    return this.bytes([score.part, score.offset]);
  }

  /** @param {[number, number]} where part and offset @returns {Promise<Uint8Array>} a byte a head */
  async bytes([part, offset]) {
    return new Uint8Array(await this.part(this.files[part]), offset, this.count);
  }

  /** Which categories each head has, a bit each; 255 where that is not known. @returns {Promise<Uint8Array | null>} */
  async categoryBits() {
    return this.classes && this.bytes(this.classes);
  }

  /** Which relations each head has. @returns {Promise<Uint8Array[]>} raised, then pushed down, 8 relations each */
  relationPlanes() {
    return Promise.all(this.has.map((where) => this.bytes(where)));
  }

  /**
   * The nearest heads of a head, the nearest first.
   * @param {number} at
   * @returns {Promise<Near[]>}
   */
  async nearest(at) {
    if (!this.near) return [];
    const { parts, rows, count } = this.near;
    const bytes = new DataView(await this.part(parts[Math.floor(at / rows)]), (at % rows) * count * 5, count * 5);
    const found = [];
    for (let place = 0; place < count; place += 1) {
      const head = bytes.getUint32(place * 4, true);
      if (head >= this.count) continue;
      const scores = this.shared(this.model(at), this.model(head));
      found.push({ head, distance: (bytes.getUint8(count * 4 + place) / 255) ** 2, scores });
    }
    return found;
  }

  /**
   * How sure a share of pairs is: its 95% interval, the largest chance of any head of its model, and its
   * pairs; null for other scores.
   * @param {number} at
   * @param {Score} score
   * @param {number} value
   * @returns {{low: number, high: number, chance: number | undefined, pairs: number} | null}
   */
  sure(at, score, value) {
    const said = SHARE.exec(score.name);
    if (!said || score.analysis !== "functions") return null;
    const { asked, pairs, chance } = this.model(at);
    const count = pairs[asked.findIndex((place) => this.relations[place].name === said[2])];
    if (!count) return null;
    const [low, high] = interval(shareOf(value, count), count);
    return { low, high, chance: chance[`${said[1] ?? ""}${said[2]}@${said[3]}`], pairs: count };
  }

  /** What most models' relations are judged at. @returns {string} k, and that of copying */
  get usualKs() {
    const all = this.models.flatMap(({ ks }) => (ks ? [ks.join()] : []));
    const many = (/** @type {string} */ one) => all.filter((other) => other === one).length;
    return all.reduce((best, one) => (many(one) > many(best) ? one : best), all[0] ?? "");
  }

  /**
   * Whether a function was found of a head: 1, `SILENT`, or 255 where too little was measured to say.
   * @param {number} at
   * @returns {Promise<number>}
   */
  async functionOf(at) {
    return this.functions && at >= 0 ? (await this.bytes(this.functions))[at] : MISSING;
  }

  /**
   * What was measured of two models in the same way, as places of `near.scores`.
   * @param {Model} model
   * @param {Model} other
   */
  shared(model, other) {
    const own = new Set(this.near?.sets[model.set]);
    return (this.near?.sets[other.set] ?? []).filter((one) => own.has(one));
  }

  /**
   * The other models that have too little in common with a model for their heads to be compared.
   * @param {Model} model
   */
  apart(model) {
    const { near } = this;
    if (!near) return [];
    const relations = (/** @type {Model} */ other) => new Set(this.shared(model, other).map((one) => near.scores[one].relation).filter(Boolean));
    return this.models.filter((other) => other !== model && relations(other).size < near.fewest);
  }

  /** @param {string} name @returns {Promise<ArrayBuffer>} */
  part(name) {
    let part = this.parts.get(name);
    if (!part) {
      part = fetchBytes(new URL(name, this.url));
      part.catch(() => this.parts.delete(name));
      this.parts.set(name, part);
    }
    return part;
  }

  /**
   * The page of a model that shows a head.
   * @param {number} at
   * @param {string} root of the site
   */
  address(at, root) {
    const { slug, place } = this.model(at);
    const [layer, head] = this.place(at);
    const page = `${root}models/${slug}/`;
    if (!place) return `${page}?head=${layer}.${head}#functions`;
    const [figure, matrix] = place;
    return `${page}?${new URLSearchParams({ figure, matrix, row: String(layer), column: String(head) })}#${figure}`;
  }
}

/** What every head has: where its layer lies. @type {Score} */
const DEPTH = {
  ...{ id: "depth", analysis: "", name: "depth", title: "Relative depth", unit: "0 the first layer, 1 the last" },
  ...{ direction: "a later layer", kind: "sequential", transform: "linear", low: 0, high: 1, below: false },
  ...{ above: false, categories: [], least: true, part: -1, offset: 0 },
};

/**
 * The categories of a head in words.
 * @param {HeadBundle} bundle
 * @param {number} bits
 */
export function categoryText({ categories }, bits) {
  if (bits === MISSING) return "–";
  const has = categories.filter((_, at) => bits & (1 << at));
  return has.map((name) => name[0].toUpperCase() + name.slice(1)).join(", ") || "Unclassified";
}

/**
 * The relations that a head has, in words.
 * @param {HeadBundle} bundle
 * @param {Uint8Array[]} planes as `relationPlanes` gives them
 * @param {number} at
 * @returns {string[]}
 */
export function relationTexts({ relations }, planes, at) {
  return relations.flatMap(({ title }, place) => {
    const [up, down] = sides(planes, at, place);
    return [...(up ? [title] : []), ...(down ? [`${title} (pushed down)`] : [])];
  });
}

/**
 * Whether a head raises the answers of a relation, and whether it pushes them down.
 * @param {Uint8Array[]} planes
 * @param {number} at
 * @param {number} relation
 * @returns {[boolean, boolean]}
 */
export function sides(planes, at, relation) {
  const [plane, bit] = [relation >> 3, 1 << (relation & 7)];
  return [Boolean(planes[plane][at] & bit), Boolean(planes[planes.length / 2 + plane][at] & bit)];
}
