/**
 * The block masks (figure F0) of several models: a column for each model, MLP blocks in the upper row
 * and attention blocks in the lower one, the same topics in the same order in all of them.
 */

import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { merged } from "../matrix/align.js";
import { Colours, UNMEASURED } from "./colours.js";
import { existing, KINDS, Masks, pruned } from "./data.js";
import { shortest } from "../matrix/block-masks.js";
import { emptyPanel } from "./frame.js";
import { Panels } from "./panels.js";
import { csv, panel } from "./scene.js";
import * as words from "./words.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("../compare/scene.js").Chosen} Chosen */
/** @typedef {import("./panels.js").Cell} Cell */
/** @typedef {import("./data.js").Topic} Topic */
/** @typedef {import("./data.js").Kind} Kind */
/** @typedef {{name: string, page: string, masks: Masks}} Model */
/** @typedef {{model: Model, kind: Kind}} Place what a panel shows */

const ACROSS = 3; // models that stand side by side

export class MaskComparison {
  /**
   * @param {HTMLElement} after the element before which it is inserted
   * @param {(cell: [string, string] | null) => void} onPin
   */
  constructor(after, onPin) {
    this.onPin = onPin;
    /** @type {Model[]} */
    this.models = [];
    /** Panels as they stand, row by row. @type {Place[][]} */
    this.rows = [];
    /** @type {string[]} */
    this.topics = [];
    /** Topics of each model's clusters by their labels. @type {Map<string, Map<string, Topic>>} */
    this.told = new Map();
    this.element = made("section", "atlas-mask-comparison");
    this.note = made("p", "atlas-status");
    this.legend = made("div", "atlas-mask-legend");
    this.summary = made("p", "atlas-summary");
    this.stage = made("div", "atlas-mask-models");
    this.gone = new AbortController();
    const drawn = made("div");
    drawn.append(this.legend, this.stage, exportLine(() => this.exported(), this.gone.signal));
    this.element.append(made("h2", "", "Block masks"), this.note, drawn, this.summary);
    after.before(this.element);
    this.panels = new Panels(this.stage, this);
    printable(drawn, () => (this.models.length ? this.scene() : null), this.gone.signal);
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
    const all = this.models.map(({ masks }) => masks);
    this.deep = by === "depth";
    this.topics = topicOrder(all);
    this.colours = new Colours(palettes, all);
    this.legend.replaceChildren(this.colours.legend(all.map(({ published }) => published)));
    this.say();
    this.fit();
    this.panels.show(this.rows.flat().map((place) => this.content(place)));
    this.panels.matched = this.deep ? (column, from, to) => (from > 1 ? Math.round((column * (to - 1)) / (from - 1)) : 0) : (column) => column;
    this.hold(cell);
  }

  /** Whether a model was not measured on all of the topics. */
  get isHatched() {
    return this.models.some(({ masks }) => masks.topics.length < this.topics.length);
  }

  /** The words around the panels. */
  say() {
    const apart = this.isHatched ? ` The models were not measured on the same topics; hatched: ${UNMEASURED}.` : "";
    this.note.textContent = `A row of cells is a topic, a column a layer; all panels have the same topics in the same order.${apart}`;
    for (const { name, page } of this.models) {
      this.loadTopics(page).catch((error) => this.note.append(` The topics of ${name} could not be loaded: ${error.message}.`));
    }
    const told = this.models.map(({ name, masks }) => `${name}, ${words.percent(masks.sparsity)} of the blocks pruned: ${words.summary(masks, masks.published)}`);
    this.summary.replaceChildren(...told.map((line) => made("span", "", line)));
  }

  /** Two rows of panels for the models that stand side by side, and two more for the next ones. */
  fit() {
    const lines = Math.ceil(this.models.length / ACROSS);
    const across = Math.ceil(this.models.length / lines);
    const parts = Array.from({ length: lines }, (_, at) => this.models.slice(at * across, (at + 1) * across));
    this.rows = parts.flatMap((models) => KINDS.map((kind) => models.map((model) => ({ model, kind }))));
    const most = Math.max(...this.models.map(({ masks }) => masks.layers.length));
    this.stage.style.cssText = `--layers:${most};--rows:${this.topics.length}`;
    const has = [...this.stage.querySelectorAll(".atlas-mask-panels")];
    if (has.map(({ children }) => children.length).join() === this.rows.map(({ length }) => length).join()) return;
    this.panels.cut(0);
    for (const row of has) row.remove();
    for (const { length } of this.rows) {
      const row = made("div", `atlas-mask-panels atlas-across-${across}`);
      row.append(...Array.from({ length }, emptyPanel));
      this.stage.insertBefore(row, this.panels.tip.element);
      for (const home of row.children) this.panels.add(/** @type {HTMLElement} */ (home));
    }
  }

  /** @param {Place} place */
  content({ model: { name, masks }, kind }) {
    const places = this.topics.map((topic) => masks.topics.indexOf(topic)).map((at) => (at < 0 ? null : at));
    const { pixels } = /** @type {Colours} */ (this.colours);
    return {
      title: `${name}: ${words.kindText(masks, kind)} blocks`,
      note: `${pruned(masks.published, kind)} of ${existing(masks.published, kind)} pruned`,
      ...{ rows: this.topics, columns: masks.layers, colours: pixels.mask },
      steps: /** @type {Colours} */ (this.colours).steps("mask", masks.published[kind], places, masks.layers.length),
    };
  }

  /** What is shown, for files and for paper. @returns {import("../drawing/scene.js").Scene} */
  scene() {
    const shown = [...this.panels.panels];
    const rows = this.rows.map((row) => shown.splice(0, row.length).map(panel));
    const origins = this.models.map(({ name, masks }) => `${name}: ${words.ruleText(masks, masks.count(masks.sparsity))}. ${words.origin(masks).join(" ")}`);
    return {
      title: `Block masks of ${new Intl.ListFormat("en").format(this.models.map(({ name }) => name))}`,
      caption: [`${this.note.textContent}`, ...origins],
      rows,
      keys: this.colours?.keys({ hasDeltas: false, isHatched: this.isHatched }) ?? [],
    };
  }

  /** @returns {import("../drawing/scene.js").Exported} */
  exported() {
    const models = this.models.map(({ name, masks }) => ({ name, masks, shown: masks.published, topics: this.topics }));
    return { scene: this.scene(), file: "compare.masks.blocks", csv: () => csv(models) };
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
    const { model: own, kind } = this.rows.flat()[at];
    const about = this.told.get(own.page)?.get(label);
    const end = [words.centralSentence(about), words.topicText(about)];
    if (column < 0) return { value: label, lines: [], notes: end };
    const lines = this.models.map(({ name, masks }) => {
      const topic = masks.topics.indexOf(label);
      const layer = this.panels.matched(column, own.masks.layers.length, masks.layers.length);
      if (topic < 0 || layer >= masks.layers.length) return `${name}: no such ${topic < 0 ? "topic" : "layer"}`;
      const where = this.deep ? `layer ${masks.layers[layer]}, ` : "";
      return `${name}: ${where}${words.stateText(masks.published[kind][topic][layer])}, loss increase ${words.deltaText(masks, topic, kind, layer)}`;
    });
    const layer = own.masks.layers[column];
    const pinned = this.cell?.[0] === label && this.cell[1] === layer ? "pinned" : "";
    return { value: words.blockText(own.masks, kind, layer), lines: [label, ...lines], notes: [...end, pinned] };
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
    const labels = /** @type {[string, string]} */ ([this.topics[cell.row], this.rows.flat()[at].model.masks.layers[cell.column]]);
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
    this.gone.abort();
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
