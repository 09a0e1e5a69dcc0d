/**
 * The compare page: what is chosen is in the address, profiles are loaded once, and their matrices are
 * shown side by side.
 */

import { writeQuery, whenBackOrForward } from "../shell/address.js";
import { loadTemplate } from "../shell/bokeh.js";
import * as query from "./address.js";
import { Chooser, readModels, MOST } from "./chooser.js";
import { fillControls, notesOf, showNotes } from "./controls.js";
import { filledIn, openingView, quantityOf } from "./defaults.js";
import { drawing } from "./drawing.js";
import { Files } from "./loading.js";
import { scene } from "./scene.js";
import { Sheets } from "./sheets.js";
import { csv, table } from "./values-table.js";
import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";

/** @typedef {import("./address.js").Wish} Wish */
/**
 * A figure of several models above the quantity that is chosen.
 * @typedef {object} Figure
 * @property {(chosen: import("./scene.js").Chosen[], palettes: Record<string, string[]>, wish: import("./scene.js").Settled) => void} show
 *   without models where another analysis is compared
 * @property {(cell: [string, string] | null) => void} hold
 * @property {() => void} dispose
 */
/** @typedef {new (after: HTMLElement, onPin: (cell: [string, string] | null) => void) => Figure} Maker */

/** Analyses with a figure of their own. @type {Record<string, () => Promise<Maker>>} */
const FIGURES = {
  masks: async () => (await import("../masks/comparison.js")).MaskComparison,
};

/** @param {HTMLElement} element */
export default function mount(element) {
  return new Comparison(element);
}

class Comparison {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.models = readModels(this.part("list"));
    this.files = new Files(this.models);
    this.wish = query.read();
    this.turn = 0;
    /** What is said about the comparison. @type {string[]} */
    this.told = [];
    this.gone = new AbortController();
    this.sheets = new Sheets(this.part("sheets"), (cell) => this.change({ cell }, true));
    /** Figures of analyses that have been compared. @type {Map<string, Figure>} */
    this.figures = new Map();
    this.chooser = new Chooser(this.part, this.models, (models, more) => this.change({ models, ...more }));
    this.listen();
    this.part("controls").hidden = false;
    void this.show();
  }

  /**
   * @param {string} role
   * @returns {any} the part of the page that plays a role
   */
  part = (role) => this.element.querySelector(`[data-role="${role}"]`);

  listen() {
    const { signal } = this.gone;
    const on = (/** @type {string} */ role, /** @type {string} */ type, /** @type {any} */ act) =>
      this.part(role).addEventListener(type, act, { signal });
    for (const key of /** @type {const} */ (["analysis", "matrix", "view", "by", "scale"])) {
      on(key, "change", () => this.change({ [key]: this.part(key).value }));
    }
    on("shared", "change", () => this.change({ shared: this.part("shared").checked }));
    on("controls", "submit", (/** @type {Event} */ event) => event.preventDefault());
    on("table", "toggle", () => this.fillTable());
    this.part("files").append(exportLine(() => this.exported(), signal));
    printable(this.part("sheets"), () => (this.sheets.scene?.sheets.length ? this.drawing() : null), signal, { caption: true });
    whenBackOrForward(() => this.readAddress(), signal);
  }

  /** Back or forward to another choice. Where nothing else was visited, the theme then loads the page
   * once more, and this one is disposed of. */
  readAddress() {
    if (location.search === this.written) return;
    this.wish = query.read();
    void this.show();
  }

  /**
   * The reader has chosen something.
   * @param {Partial<Wish>} part
   * @param {boolean} [small] does not add an entry to the history
   */
  change(part, small = false) {
    const reset = "analysis" in part ? { matrix: "", scale: "", cell: null } : {};
    const plain = "matrix" in part || "view" in part ? { scale: "" } : {}; // scales are of a quantity
    /** @type {Wish} */
    const wish = { ...this.effective(), ...reset, ...plain, ...part };
    const isUsual = wish.view === openingView(wish.models, this.models);
    if (isUsual) wish.view = "";
    this.wish = wish;
    writeQuery(query.toQuery(this.wish), small);
    this.written = location.search;
    if (!small) return void this.show();
    for (const figure of this.figures.values()) figure.hold(this.wish.cell);
    this.element.dataset.shown = this.written;
  }

  /** The wish with its models and its analysis. */
  effective() {
    const offered = [...this.part("analysis").options].map((/** @type {HTMLOptionElement} */ option) => option.value);
    const opening = (this.element.dataset.opening ?? "").split(" ").filter(Boolean);
    return filledIn(this.wish, this.models, offered, opening);
  }

  /** Load what is chosen and show it. */
  async show() {
    const turn = ++this.turn;
    this.written = location.search;
    const wish = this.effective();
    this.chooser.show(wish.models, wish.analysis);
    const slugs = wish.models.filter((slug) => this.models.has(slug)).slice(0, MOST);
    try {
      const [template, chosen] = await Promise.all([loadTemplate(), this.files.chosen(slugs, wish.analysis)]);
      if (turn !== this.turn || this.gone.signal.aborted) return;
      this.sheets.palettes = template.palettes;
      const view = wish.view || openingView(wish.models, this.models);
      wish.matrix = quantityOf(chosen, wish.matrix, view);
      const whole = await this.files.whole(chosen, wish.matrix);
      if (turn !== this.turn || this.gone.signal.aborted) return;
      this.scene = scene(whole, { ...wish, view });
      this.wish = wish;
      const shown = { ...wish, view, by: this.scene.by };
      fillControls(this.part, chosen, this.scene, shown);
      this.told = notesOf(this.scene, shown);
      showNotes(this.part, this.scene, [...this.asked(wish), ...this.told]);
      await this.showFigure(chosen, shown);
      if (turn !== this.turn || this.gone.signal.aborted) return;
      await this.sheets.show(this.scene, wish.cell);
      if (turn !== this.turn || this.gone.signal.aborted) return;
      this.fillTable();
      this.element.dataset.ready = "live";
      this.element.dataset.shown = location.search;
    } catch (error) {
      if (turn !== this.turn || this.gone.signal.aborted) return;
      this.element.dataset.ready = "failed";
      const why = error instanceof Error ? error.message : error;
      this.part("status").textContent = `The comparison could not be shown: ${why}.`;
    }
  }

  /**
   * Show the figure of the analysis, where it has one, and hide those of others.
   * @param {import("./scene.js").Chosen[]} chosen
   * @param {import("./scene.js").Settled} wish
   */
  async showFigure(chosen, wish) {
    const { figures } = this;
    const Maker = await FIGURES[wish.analysis]?.();
    if (this.gone.signal.aborted) return;
    if (Maker && !figures.has(wish.analysis)) {
      const pin = (/** @type {[string, string] | null} */ cell) => {
        this.change({ cell }, true);
        this.sheets.crosshair.reset(cell);
      };
      figures.set(wish.analysis, new Maker(this.part("title"), pin));
    }
    for (const [name, figure] of figures) figure.show(name === wish.analysis ? chosen : [], this.sheets.palettes, wish);
  }

  /**
   * What was asked for and is not here, in words.
   * @param {Wish} wish
   * @returns {string[]}
   */
  asked(wish) {
    const found = query.read();
    const unknown = wish.models.filter((slug) => !this.models.has(slug));
    const told = unknown.map((slug) => `This atlas has no model “${slug}”.`);
    if (wish.models.length - unknown.length > MOST) told.push(`Only the first ${MOST} models are shown.`);
    if (found.analysis && found.analysis !== wish.analysis) told.push(`This atlas has no analysis “${found.analysis}”.`);
    if (found.matrix && found.matrix !== wish.matrix) {
      told.push(`None of these models has a quantity “${found.matrix}” in this analysis.`);
    }
    if (found.view === "ratio" && this.scene?.view === "difference" && !this.scene.ratio) {
      told.push("This quantity has no ratio, so the difference is shown.");
    }
    return told;
  }

  /** The scene that the panels show by now, of which there are some; another one may be on its way. */
  drawn() {
    const { scene } = this.sheets;
    if (!scene?.sheets.length) throw new Error("no models are shown yet");
    return scene;
  }

  /** What the panels show, for files and paper. */
  drawing() {
    const shown = this.drawn();
    const heads = this.part("heads");
    const matched = heads.hidden || shown.view === "values" ? [] : [heads.textContent];
    return drawing(shown, this.sheets.contents(), [...this.told, ...matched]);
  }

  /** @returns {import("../drawing/scene.js").Exported} */
  exported() {
    const { sheets, view } = this.drawn();
    const { analysis, matrix } = this.wish;
    const file = `compare.${analysis}.${matrix.replaceAll(/[:@]/g, "-")}.${view}`;
    return { scene: this.drawing(), file, csv: () => csv(sheets) };
  }

  /** The table is made when it is opened. */
  fillTable() {
    const details = this.part("table");
    details.querySelector(".atlas-scroll")?.remove();
    if (details.open && this.scene?.sheets.length) details.append(table(this.scene));
  }

  recolour() {
    this.sheets.recolour();
  }

  /** Stop listening and remove what was added. */
  dispose() {
    this.gone.abort();
    this.sheets.dispose();
    for (const figure of this.figures.values()) figure.dispose();
  }
}
