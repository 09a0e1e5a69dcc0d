/**
 * The live block masks (figure F0) of one model: masks and deltas of both kinds of block, a slider that
 * prunes more or fewer of them, what pruning costs, and the masks as files and as a table.
 */

import { readPin, writeView } from "../shell/address.js";
import { releaseOthers, placeIn, join, leave, lightOthers } from "../shell/linked-figures.js";
import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { Colours } from "./colours.js";
import { Controls } from "./controls.js";
import { below, existing, KINDS, Masks, pruned } from "./data.js";
import { emptyPanel } from "./frame.js";
import { Panels } from "./panels.js";
import { perplexity } from "./perplexity.js";
import { cited, exported } from "./page-scene.js";
import * as words from "./words.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./data.js").Kind} Kind */
/** @typedef {import("./data.js").Blocks} Blocks */
/** @typedef {import("./data.js").Topic} Topic */
/** @typedef {import("./panels.js").Cell} Cell */

/** What each panel shows. @type {{what: "mask"|"delta", kind: Kind}[]} */
const PANELS = /** @type {const} */ (["mask", "delta"]).flatMap((what) => KINDS.map((kind) => ({ what, kind })));

export class MaskFigure {
  /**
   * @param {HTMLElement} element the `figure` of the page
   * @param {string} name what a pin in the address calls it
   * @param {any} profile `masks.json`
   * @param {Topic[]} clusters of `masks.clusters.json`
   * @param {Record<string, string[]>} palettes
   */
  constructor(element, name, profile, clusters, palettes) {
    this.element = element;
    this.name = name;
    this.masks = new Masks(profile);
    this.told = new Map(clusters.map((topic) => [topic.label, topic]));
    this.colours = new Colours(palettes, [this.masks]);
    this.similar = this.masks.similar;
    /** The masks at a number of pruned blocks, made once. @type {{count: number, kept: Blocks} | undefined} */
    this.cut = undefined;
    this.gone = new AbortController();
    const stage = /** @type {HTMLElement} */ (element.querySelector(".atlas-mask-panels"));
    this.panels = new Panels(stage, this);
    const homes = /** @type {HTMLElement[]} */ ([...stage.querySelectorAll(".atlas-mask")]);
    for (const home of [...homes, ...KINDS.map(emptyPanel)]) {
      if (!home.isConnected) stage.insertBefore(home, this.panels.tip.element);
      this.panels.add(home);
    }
    this.legend = made("div", "atlas-mask-legend");
    this.summary = made("p", "atlas-summary");
    this.costs = made("div");
    const { signal } = this.gone;
    this.controls = new Controls(this.masks, () => this.paint(), signal);
    this.drawn = made("div");
    stage.replaceWith(this.drawn);
    const links = exportLine(() => exported(this), signal, () => cited(this));
    this.drawn.append(this.controls.element, this.legend, stage, links);
    this.drawn.after(this.summary, this.costs, this.table());
    printable(this.drawn, () => exported(this).scene, signal);
    join(this);
    this.readAddress();
  }

  /** The data table, made when it is opened. */
  table() {
    this.details = made("details", "atlas-table");
    this.details.append(made("summary", "", "Data table of the masks"));
    this.details.addEventListener("toggle", () => void this.fill(), { signal: this.gone.signal });
    return this.details;
  }

  async fill() {
    const { table } = await import("../heatmap/data-table.js");
    this.details?.querySelectorAll(".atlas-scroll").forEach((one) => one.remove());
    if (!this.details?.open) return;
    const { masks, shown, order } = this;
    const rows = order.map((topic) => masks.topics[topic]);
    for (const kind of KINDS) {
      const values = order.map((topic) => shown[kind][topic]);
      const title = `${masks.name(kind)} blocks`;
      const matrix = { title, unit: this.rule, axes: ["topic", "layer"], rows, columns: masks.layers, categories: ["pruned", "kept"], values };
      this.details.append(table(/** @type {any} */ (matrix)));
    }
  }

  /** How the blocks that are shown as pruned were chosen. */
  get rule() {
    return this.learned ? "learned masks" : words.ruleText(this.masks, this.count);
  }

  /** Blocks that are pruned for every topic. */
  get count() {
    return this.controls.count;
  }

  get learned() {
    return this.controls.learned;
  }

  /** The masks that are shown. @returns {Blocks} */
  get shown() {
    if (this.learned) return /** @type {Blocks} */ (this.masks.learned);
    if (this.cut?.count !== this.count) this.cut = { count: this.count, kept: this.masks.kept(this.count) };
    return this.cut.kept;
  }

  /** Places of topics, the upper one first. */
  get order() {
    return this.controls.numbered ? [...this.masks.topics.keys()] : this.similar;
  }

  /** Show what the address names. */
  readAddress() {
    this.controls.readAddress();
    const pin = readPin();
    const panel = pin?.figure === this.name ? PANELS.findIndex(({ what, kind }) => pin.matrix === `${what}:${kind}`) : -1;
    const cell = { row: this.order.indexOf(this.masks.topics.indexOf(pin?.row ?? "")), column: this.masks.layers.indexOf(pin?.column ?? "") };
    const isThere = pin && panel >= 0 && cell.row >= 0 && cell.column >= 0;
    this.panels.hold(isThere ? { panel, row: pin.row, column: pin.column } : null);
    this.paint();
    this.panels.point(Math.max(0, panel), isThere ? cell : null);
  }

  paint() {
    const { masks, colours, shown, order } = this;
    const [rows, columns] = [order.map((topic) => masks.topics[topic]), masks.layers];
    const contents = PANELS.map(({ what, kind }) => ({
      title: what === "mask" ? `${masks.name(kind)} blocks` : `Loss increase without the ${words.kindText(masks, kind)} block`,
      note: what === "mask" ? `${pruned(shown, kind)} of ${existing(shown, kind)} pruned` : `${below(masks.deltas, kind)} of ${existing(shown, kind)} below 0`,
      ...{ rows, columns, colours: colours.pixels[what] },
      steps: colours.steps(what, what === "mask" ? shown[kind] : masks.deltas[kind], order, columns.length),
    }));
    this.panels.show(contents);
    this.legend.replaceChildren(colours.legend([shown]), colours.bar());
    this.summary.textContent = words.summary(masks, shown);
    this.controls.tell();
    if (masks.costs && this.listed !== order.join()) this.costs.replaceChildren(...perplexity(masks.costs, order, masks.sparsity, masks.verdict));
    this.listed = order.join();
    if (this.details?.open) void this.fill();
  }

  /**
   * @param {number} at number of a panel
   * @param {Cell} cell
   * @returns {{value: string, lines: string[], notes: string[]}}
   */
  tell(at, { row, column }) {
    const { masks, order, shown } = this;
    const [topic, { what, kind }] = [order[row], PANELS[at]];
    const label = masks.topics[topic];
    const about = this.told.get(label);
    const end = [words.centralSentence(about), words.topicText(about)];
    if (column < 0) return { value: label, lines: [], notes: end };
    const [delta, state] = [words.deltaText(masks, topic, kind, column), words.stateText(shown[kind][topic][column])];
    const layer = masks.layers[column];
    return {
      value: what === "mask" ? state : delta,
      lines: [words.blockText(masks, kind, layer), label],
      notes: [what === "mask" ? `loss increase ${delta}` : state, words.rankText(masks, topic, kind, column), ...end, this.isPinned(at, label, layer) ? "pinned" : ""],
    };
  }

  /**
   * @param {number} at
   * @param {Cell} cell
   * @param {Cell | null} before
   */
  spoken(at, cell, before) {
    const { value, lines, notes } = this.tell(at, cell);
    const more = before?.row === cell.row ? notes.slice(0, 2) : notes.slice(0, 3); // a sentence is read once a topic
    return [lines.join(", "), value, ...more].filter(Boolean).join(". ");
  }

  /** @param {number} panel @param {string} row @param {string} column */
  isPinned(panel, row, column) {
    const { pinned } = this.panels;
    return pinned?.panel === panel && pinned.row === row && pinned.column === column;
  }

  /**
   * Pin a block, or unpin it.
   * @param {number} at
   * @param {Cell} cell
   */
  pin(at, { row, column }) {
    const [topic, layer] = [this.masks.topics[this.order[row]], this.masks.layers[column]];
    const held = this.isPinned(at, topic, layer);
    const { what, kind } = PANELS[at];
    releaseOthers(this);
    writeView(held ? null : { figure: this.name, matrix: `${what}:${kind}`, row: topic, column: layer }, false);
    this.panels.hold(held ? null : { panel: at, row: topic, column: layer });
    this.panels.point(at, { row, column });
  }

  letGo() {
    writeView(null, false);
    this.panels.hold(null);
  }

  /** @param {number} _ @param {Cell | null} cell */
  pointed(_, cell) {
    const topic = cell && this.masks.topics[this.order[cell.row]];
    lightOthers(this, cell && topic && cell.column >= 0 ? [["cluster", topic], ["layer", this.masks.layers[cell.column]]] : null);
  }

  /** Another figure points at a place. @param {import("../shell/linked-figures.js").Place | null} place */
  follow(place) {
    const rows = this.order.map((topic) => this.masks.topics[topic]);
    const [row, column] = place ? placeIn(place, /** @type {any} */ ({ axes: ["cluster", "layer"], rows, columns: this.masks.layers })) : [-1, -1];
    this.panels.light(row, column);
  }

  /** Another figure of the page has the pinned cell now. */
  release() {
    this.panels.hold(null);
  }

  dispose() {
    this.gone.abort();
    leave(this);
    this.panels.dispose();
  }
}
