/**
 * The block masks (figure F0) of several models: a row for each model, MLP blocks on the left and
 * attention blocks on the right, the same topics in the same order in all of them.
 */

import { merged } from "../matrix/align.js";
import { Colours } from "./colours.js";
import { KINDS, Masks, NAMES, pruned } from "./data.js";
import { shortest } from "../matrix/block-masks.js";
import { number } from "../matrix/numbers.js";
import { emptyPanel } from "./frame.js";
import { Panels } from "./panels.js";
import * as words from "./words.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("../compare/scene.js").Chosen} Chosen */
/** @typedef {import("./panels.js").Cell} Cell */
/** @typedef {import("./data.js").Topic} Topic */
/** @typedef {{name: string, page: string, masks: Masks}} Model */

export class MaskComparison {
  /**
   * @param {HTMLElement} after the element before which it is inserted
   * @param {(cell: [string, string] | null) => void} onPin
   */
  constructor(after, onPin) {
    this.onPin = onPin;
    /** @type {Model[]} */
    this.models = [];
    /** @type {string[]} */
    this.topics = [];
    /** Topics of each model's clusters by their labels. @type {Map<string, Map<string, Topic>>} */
    this.told = new Map();
    this.element = made("section", "atlas-mask-comparison");
    this.head = made("h2", "", "Block masks");
    this.note = made("p", "atlas-status", "A row of panels is a model, in each a row a topic and a column a layer; all have the same order of topics. Dark: kept; light: pruned.");
    this.legend = made("div", "atlas-mask-legend");
    this.summary = made("p", "atlas-summary");
    this.stage = made("div", "atlas-mask-models");
    this.element.append(this.head, this.note, this.summary, this.legend, this.stage);
    after.before(this.element);
    this.panels = new Panels(this.stage, this);
    /** @type {HTMLElement[]} */
    this.rows = [];
    this.deep = false;
    /** Labels of the pinned block. @type {[string, string] | null} */
    this.cell = null;
  }

  /**
   * @param {Chosen[]} chosen empty where another analysis is compared
   * @param {Record<string, string[]>} palettes
   * @param {{by: import("../matrix/align.js").By, cell: [string, string] | null}} wish
   */
  show(chosen, palettes, { by, cell }) {
    this.models = chosen.flatMap(({ name, page, profile }) => (hasMasks(profile) ? [{ name, page, masks: new Masks(/** @type {any} */ (profile)) }] : []));
    this.element.hidden = !this.models.length;
    if (!this.models.length) return;
    for (const { name, page } of this.models) {
      this.loadTopics(page).catch((error) => this.note.append(` The topics of ${name} could not be loaded: ${error.message}.`));
    }
    this.deep = by === "depth";
    this.topics = topicOrder(this.models.map(({ masks }) => masks));
    const colours = new Colours(palettes, this.models.map(({ masks }) => masks));
    this.legend.replaceChildren(colours.classes(this.models.map(({ masks }) => masks.published)));
    const told = this.models.map(({ name, masks }) => `${name}, ${number(100 * masks.sparsity)} % pruned: ${words.summary(masks, masks.published)}`);
    if (this.models.some(({ masks }) => masks.topics.length < this.topics.length)) {
      told.push("These models were not measured on the same topics; hatched: a topic that the model was not measured on.");
    }
    this.summary.replaceChildren(...told.map((line) => made("span", "", line)));
    this.fit();
    this.panels.show(
      this.models.flatMap(({ name, masks }) => {
        const places = this.topics.map((topic) => masks.topics.indexOf(topic)).map((at) => (at < 0 ? null : at));
        return KINDS.map((kind) => ({
          title: `${name}, ${NAMES[kind]} blocks`,
          note: `${pruned(masks.published, kind)} of ${masks.published[kind].flat().length} pruned`,
          ...{ rows: this.topics, columns: masks.layers, colours: colours.pixels.mask },
          steps: colours.steps("mask", masks.published[kind], places, masks.layers.length),
        }));
      }),
    );
    this.panels.matched = this.deep ? (column, from, to) => (from > 1 ? Math.round((column * (to - 1)) / (from - 1)) : 0) : (column) => column;
    this.hold(cell);
  }

  /** A row of two panels for every model, on one width of a layer, or all of one width by depth. */
  fit() {
    while (this.rows.length > this.models.length) this.rows.pop()?.remove();
    this.panels.cut(2 * this.models.length);
    const most = Math.max(...this.models.map(({ masks }) => masks.layers.length));
    this.models.forEach(({ masks }, at) => {
      if (!this.rows[at]) {
        this.rows[at] = made("div", "atlas-mask-panels");
        this.rows[at].append(...KINDS.map(emptyPanel));
        this.stage.insertBefore(this.rows[at], this.panels.tip.element);
        for (const home of this.rows[at].children) this.panels.add(/** @type {HTMLElement} */ (home));
      }
      const share = this.deep ? 1 : masks.layers.length / most;
      this.rows[at].style.cssText = `--layers:${most};--rows:${this.topics.length};--share:${share}`;
    });
  }

  /**
   * Load the central sentences of a model's topics, once; tooltips work without them.
   * @param {string} page
   */
  async loadTopics(page) {
    if (this.told.has(page)) return;
    this.told.set(page, new Map());
    const { clusters } = await fetchJson(new URL("masks.clusters.json", page));
    this.told.set(page, new Map(clusters.map((/** @type {Topic} */ topic) => [topic.label, topic])));
  }

  /**
   * @param {number} at number of a panel
   * @param {Cell} cell
   * @returns {{value: string, lines: string[], notes: string[]}}
   */
  tell(at, { row, column }) {
    const label = this.topics[row];
    const [own, kind] = [this.models[at >> 1], KINDS[at % 2]];
    const about = this.told.get(own.page)?.get(label);
    const end = [words.centralSentence(about), words.topicText(about)];
    if (column < 0) return { value: label, lines: [], notes: end };
    const lines = this.models.map(({ name, masks }) => {
      const topic = masks.topics.indexOf(label);
      const layer = this.panels.matched(column, own.masks.layers.length, masks.layers.length);
      if (topic < 0 || layer >= masks.layers.length) return `${name}: no such ${topic < 0 ? "topic" : "layer"}`;
      const where = this.deep ? `layer ${masks.layers[layer]}, ` : "";
      return `${name}: ${where}${words.stateText(masks.published[kind][topic][layer])}, delta ${words.deltaText(masks, topic, kind, layer)}`;
    });
    const layer = own.masks.layers[column];
    const pinned = this.cell?.[0] === label && this.cell[1] === layer ? "pinned" : "";
    return { value: words.blockText(kind, layer), lines: [label, ...lines], notes: [...end, pinned] };
  }

  /**
   * @param {number} at
   * @param {Cell} cell
   * @param {Cell | null} before
   */
  spoken(at, cell, before) {
    const { value, lines, notes } = this.tell(at, cell);
    return [value, ...lines, ...(before?.row === cell.row ? [] : notes.slice(0, 1))].filter(Boolean).join(". ");
  }

  /**
   * Pin a block, or unpin it.
   * @param {number} at
   * @param {Cell} cell
   */
  pin(at, cell) {
    const labels = /** @type {[string, string]} */ ([this.topics[cell.row], this.models[at >> 1].masks.layers[cell.column]]);
    const held = this.cell?.join("\n") === labels.join("\n");
    this.hold(held ? null : labels);
    this.onPin(held ? null : labels);
    this.panels.point(at, cell);
  }

  letGo() {
    this.hold(null);
    this.onPin(null);
  }

  /** The cell that the page has pinned. @param {[string, string] | null} cell */
  hold(cell) {
    this.cell = cell;
    this.panels.hold(cell && { panel: -1, row: cell[0], column: cell[1] });
  }

  dispose() {
    this.panels.dispose();
    this.element.remove();
  }
}

/** @param {Chosen["profile"]} profile */
function hasMasks(profile) {
  const names = new Set(profile?.matrices.map(({ name }) => name));
  return KINDS.every((kind) => names.has(`mask:${kind}`) && names.has(`delta:${kind}`));
}

/**
 * The topics of all models: those that all of them have such that similar ones are neighbours, over
 * all models together; then the others.
 * @param {Masks[]} models
 * @returns {string[]}
 */
function topicOrder(models) {
  const all = merged(models.map(({ topics }) => topics));
  const common = all.filter((topic) => models.every(({ topics }) => topics.includes(topic)));
  const tables = models.map(({ distances, topics }) => {
    const places = common.map((topic) => topics.indexOf(topic));
    return places.map((one) => places.map((other) => distances[one][other]));
  });
  const sum = common.map((_, a) => common.map((__, b) => tables.reduce((total, table) => total + table[a][b], 0)));
  return [...shortest(sum).map((at) => common[at]), ...all.filter((topic) => !common.includes(topic))];
}
