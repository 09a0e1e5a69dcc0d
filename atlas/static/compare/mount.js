/**
 * The compare page: what is chosen is in the address, profiles are loaded once, and their matrices are
 * shown side by side.
 */

import { writeQuery, whenBackOrForward } from "../shell/address.js";
import { loadTemplate } from "../shell/bokeh.js";
import { partOf } from "../matrix/paired.js";
import { withSpread } from "../matrix/chance.js";
import { fetchJson } from "../shell/fetch.js";
import * as query from "./address.js";
import { Chooser, readModels, MOST } from "./chooser.js";
import { fillControls, showNotes } from "./controls.js";
import { save, table } from "./export.js";
import { restsOnPairs } from "../matrix/common-relations.js";
import { scene } from "./scene.js";
import { Sheets } from "./sheets.js";

/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("../matrix/contrast.js").Profile} Profile */
/**
 * A figure of several models above the quantity that is chosen.
 * @typedef {object} Figure
 * @property {(chosen: import("./scene.js").Chosen[], palettes: Record<string, string[]>, wish: Wish) => void} show
 *   without models where another analysis is compared
 * @property {(cell: [string, string] | null) => void} hold
 * @property {() => void} dispose
 */
/** @typedef {new (after: HTMLElement, onPin: (cell: [string, string] | null) => void) => Figure} Maker */

/** Analyses with a figure of their own. @type {Record<string, () => Promise<Maker>>} */
const FIGURES = {
  masks: async () => (await import("../masks/comparison.js")).MaskComparison,
};

/** The format of profiles from which on the pairs of relations lie beside them. */
const PAIRED = 3;

/** @param {HTMLElement} element */
export default function mount(element) {
  return new Comparison(element);
}

class Comparison {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.models = readModels(this.part("list"));
    /** @type {Map<string, Promise<any>>} profiles and parts of them, by address */
    this.files = new Map();
    this.wish = query.read();
    this.turn = 0;
    this.gone = new AbortController();
    this.sheets = new Sheets(this.part("sheets"), (cell) => this.change({ cell }, true));
    /** Figures of analyses that have been compared. @type {Map<string, Figure>} */
    this.figures = new Map();
    this.chooser = new Chooser(this.part, this.models, (models) => this.change({ models }));
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
    for (const kind of /** @type {const} */ (["csv", "svg", "png"])) {
      on(kind, "click", () => this.scene && save(kind, this.scene, this.wish, this.sheets.contents()));
    }
    on("table", "toggle", () => this.fillTable());
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
    this.wish = { ...this.effective(), ...reset, ...plain, ...part };
    writeQuery(query.toQuery(this.wish), small);
    this.written = location.search;
    if (!small) return void this.show();
    for (const figure of this.figures.values()) figure.hold(this.wish.cell);
    this.element.dataset.shown = this.written;
  }

  /**
   * The wish with what it leaves open filled in: the analysis that most of the models have, of all
   * models where none is named; and without an address the two that the page opens with, else the
   * first two of those that have the analysis.
   * @returns {Wish}
   */
  effective() {
    const { wish, models } = this;
    const isOpen = !wish.models.length && !location.search;
    const opening = isOpen ? (this.element.dataset.opening ?? "").split(" ").filter(Boolean) : [];
    const named = isOpen ? opening : wish.models;
    const all = [...models.values()];
    const having = (/** @type {string} */ name) =>
      all.filter(({ slug, fresh, stale }) => (!named.length || named.includes(slug)) && (fresh.has(name) || stale.has(name)));
    const offered = [...this.part("analysis").options].map((option) => option.value);
    const common = () => {
      const counts = offered.map((name) => having(name).length);
      return offered[counts.indexOf(Math.max(...counts))] ?? "";
    };
    const analysis = offered.includes(wish.analysis) ? wish.analysis : common();
    if (!isOpen) return { ...wish, analysis };
    return { ...wish, analysis, models: opening.length ? opening : having(analysis).slice(0, 2).map(({ slug }) => slug) };
  }

  /** Load what is chosen and show it. */
  async show() {
    const turn = ++this.turn;
    this.written = location.search;
    const wish = this.effective();
    this.chooser.show(wish.models, wish.analysis);
    const slugs = wish.models.filter((slug) => this.models.has(slug)).slice(0, MOST);
    try {
      const loaded = slugs.map((slug) => this.profile(slug, wish.analysis));
      const [template, ...profiles] = await Promise.all([loadTemplate(), ...loaded]);
      if (turn !== this.turn || this.gone.signal.aborted) return;
      this.sheets.palettes = template.palettes;
      const chosen = slugs.map((slug, at) => {
        const { name, page, stale, doubts } = /** @type {import("./chooser.js").Listed} */ (this.models.get(slug));
        const doubt = doubts[wish.analysis] ?? "";
        return { slug, name, page, stale: stale.has(wish.analysis), doubt, profile: profiles[at] };
      });
      const matrices = chosen.flatMap(({ profile }) => profile?.matrices ?? []);
      if (!matrices.some(({ name }) => name === wish.matrix)) wish.matrix = matrices[0]?.name ?? "";
      const passages = await Promise.all(chosen.map((one) => this.passages(one, wish)));
      const pairs = await Promise.all(chosen.map((one) => this.pairs(one, wish)));
      if (turn !== this.turn || this.gone.signal.aborted) return;
      const whole = chosen.map((one, at) => ({ ...one, passages: passages[at], pairs: pairs[at] }));
      this.scene = scene(whole, wish);
      this.wish = { ...wish, view: this.scene.view };
      fillControls(this.part, chosen, this.scene, this.wish);
      showNotes(this.part, this.scene, wish, this.asked(wish));
      await this.showFigure(chosen, wish);
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
   * @param {Wish} wish
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
    if (found.analysis && found.analysis !== wish.analysis) told.push(`No model has an analysis “${found.analysis}”.`);
    if (found.matrix && found.matrix !== wish.matrix) {
      told.push(`None of these models has a quantity “${found.matrix}” in this analysis.`);
    }
    if (found.view === "ratio" && this.scene?.view === "difference" && !this.scene.ratio) {
      told.push("This quantity has no ratio; the difference is shown.");
    }
    return told;
  }

  /**
   * @param {string} slug
   * @param {string} analysis
   * @returns {Promise<Profile|null>} null where the model has none
   */
  async profile(slug, analysis) {
    const profile = await this.fetched(slug, analysis, analysis);
    return profile && withSpread(profile);
  }

  /**
   * The pairs that a quantity rests on, where it rests on any; null where they cannot be read.
   * @param {import("./scene.js").Chosen} one
   * @param {Wish} wish
   * @returns {Promise<import("./scene.js").Pairs[]|null>}
   */
  async pairs({ slug, profile }, { models, analysis, matrix }) {
    if (models.length < 2 || !profile || profile.format < PAIRED || !restsOnPairs(profile, matrix)) return null;
    return this.fetched(slug, analysis, `${analysis}.pairs`).then(
      (found) => found?.pairs ?? null,
      () => null,
    );
  }

  /**
   * A file of a model, fetched once; null where the model has no such analysis.
   * @param {string} slug
   * @param {string} analysis
   * @param {string} name
   * @returns {Promise<any>}
   */
  async fetched(slug, analysis, name) {
    const model = this.models.get(slug);
    if (!model || !(model.fresh.has(analysis) || model.stale.has(analysis))) return null;
    return this.file(new URL(`${name}.json`, model.page));
  }

  /**
   * What was measured passage by passage, where several models are compared by it. Without, a
   * difference is less sure than it might be, which the page tells.
   * @param {import("./scene.js").Chosen} one
   * @param {Wish} wish
   * @returns {Promise<import("../matrix/paired.js").Passage[]|null>}
   */
  async passages({ profile, page }, { models, matrix }) {
    const part = profile && models.length > 1 ? partOf(profile, matrix) : "";
    if (!profile || !part) return null;
    try {
      return (await this.file(new URL(`${profile.analysis}.${part}.json`, page)))[part];
    } catch {
      return null;
    }
  }

  /**
   * @param {URL} url
   * @returns {Promise<any>} loaded once
   */
  file(url) {
    let found = this.files.get(url.href);
    if (!found) {
      found = fetchJson(url);
      this.files.set(url.href, found);
      found.catch(() => this.files.delete(url.href));
    }
    return found;
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
