/**
 * The compare page: what is chosen stands in the address, profiles are loaded once, and what they
 * say of the choice is shown.
 */

import { Chooser, listed, MOST } from "./chooser.js";
import { save, table } from "./export.js";
import * as query from "./address.js";
import { fill, tell } from "./controls.js";
import { scene } from "./scene.js";
import { Sheets } from "./sheets.js";
import { fetchJson, loadTemplate } from "../shell/bokeh.js";

/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("../matrix/contrast.js").Profile} Profile */
/** @typedef {import("../masks/comparison.js").MaskComparison} MaskComparison */

/** @param {HTMLElement} element */
export default function mount(element) {
  return new Comparison(element);
}

class Comparison {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.models = listed(this.part("list"));
    /** @type {Map<string, Promise<Profile>>} */
    this.profiles = new Map();
    this.path = location.pathname;
    this.wish = query.read(location.search);
    this.turn = 0;
    this.gone = new AbortController();
    this.sheets = new Sheets(this.part("sheets"), (cell) => this.change({ cell }, true));
    /** Figure F0, where masks have been compared. @type {MaskComparison | undefined} */
    this.masks = undefined;
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
    addEventListener("popstate", () => this.recall(), { signal });
  }

  /** Back or forward to another choice. Where nothing else was visited, the theme then loads the page
   * once more, and this one is let go. */
  recall() {
    if (location.pathname !== this.path || location.search === this.written) return;
    this.wish = query.read(location.search);
    void this.show();
  }

  /**
   * The reader has chosen something.
   * @param {Partial<Wish>} part
   * @param {boolean} [small] no step back in history
   */
  change(part, small = false) {
    const reset = "analysis" in part ? { matrix: "", scale: "", cell: null } : {};
    const plain = "matrix" in part || "view" in part ? { scale: "" } : {}; // scales are of a quantity
    this.wish = { ...this.effective(), ...reset, ...plain, ...part };
    const address = `${location.pathname}${query.written(this.wish)}`;
    if (small) history.replaceState(history.state, "", address);
    else history.pushState(null, "", address);
    this.written = location.search;
    if (small) this.masks?.hold(this.wish.cell);
    if (small) this.element.dataset.shown = this.written;
    else void this.show();
  }

  /**
   * The wish with what it leaves open filled in: the analysis that most of the models have, of all
   * models where none is named, and the first two of those that have it.
   * @returns {Wish}
   */
  effective() {
    const { wish, models } = this;
    const all = [...models.values()];
    const having = (/** @type {string} */ name, /** @type {string[]} */ named) =>
      all.filter(({ slug, fresh, stale }) => (!named.length || named.includes(slug)) && (fresh.has(name) || stale.has(name)));
    const offered = [...this.part("analysis").options].map((option) => option.value);
    const common = () => {
      const counts = offered.map((name) => having(name, wish.models).length);
      return offered[counts.indexOf(Math.max(...counts))] ?? "";
    };
    const analysis = offered.includes(wish.analysis) ? wish.analysis : common();
    if (wish.models.length || location.search) return { ...wish, analysis };
    return { ...wish, analysis, models: having(analysis, []).slice(0, 2).map(({ slug }) => slug) };
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
        const { name, page, stale } = /** @type {import("./chooser.js").Listed} */ (this.models.get(slug));
        return { slug, name, page, stale: stale.has(wish.analysis), profile: profiles[at] };
      });
      const matrices = chosen.flatMap(({ profile }) => profile?.matrices ?? []);
      if (!matrices.some(({ name }) => name === wish.matrix)) wish.matrix = matrices[0]?.name ?? "";
      this.scene = scene(chosen, wish);
      this.wish = { ...wish, view: this.scene.view };
      fill(this.part, chosen, this.scene, this.wish);
      tell(this.part, this.scene, this.asked(wish));
      await this.showMasks(chosen, wish);
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
   * The block masks of all models above the quantity that is chosen; none with another analysis.
   * @param {import("./scene.js").Chosen[]} chosen
   * @param {Wish} wish
   */
  async showMasks(chosen, wish) {
    const isShown = wish.analysis === "masks";
    if (!isShown && !this.masks) return;
    const { MaskComparison } = await import("../masks/comparison.js");
    if (this.gone.signal.aborted) return;
    this.masks ??= new MaskComparison(this.part("title"), (cell) => {
      this.change({ cell }, true);
      this.sheets.crosshair.reset(cell);
    });
    this.masks.show(isShown ? chosen : [], this.sheets.palettes, wish);
  }

  /**
   * What was asked for and is not here, in words.
   * @param {Wish} wish
   * @returns {string[]}
   */
  asked(wish) {
    const found = query.read(location.search);
    const unknown = wish.models.filter((slug) => !this.models.has(slug));
    const told = unknown.map((slug) => `This atlas has no model “${slug}”.`);
    if (wish.models.length - unknown.length > MOST) told.push(`Only the first ${MOST} models are shown.`);
    if (found.analysis && found.analysis !== wish.analysis) told.push(`No model has an analysis “${found.analysis}”.`);
    if (found.matrix && found.matrix !== wish.matrix) {
      told.push(`None of these models has a quantity “${found.matrix}” in this analysis.`);
    }
    if (found.view === "ratio" && this.scene?.models.length && !this.scene.ratio) {
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
    const model = this.models.get(slug);
    if (!model || !(model.fresh.has(analysis) || model.stale.has(analysis))) return null;
    const url = new URL(`${analysis}.json`, model.page);
    let found = this.profiles.get(url.href);
    if (!found) {
      found = fetchJson(url);
      this.profiles.set(url.href, found);
      found.catch(() => this.profiles.delete(url.href));
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

  /** Nothing of this page stays behind. */
  dispose() {
    this.gone.abort();
    this.sheets.dispose();
    this.masks?.dispose();
  }
}
