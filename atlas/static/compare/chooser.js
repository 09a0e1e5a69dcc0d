/**
 * The models of the atlas as a list of checkboxes with a search, and those that are chosen.
 */

import { counted } from "../matrix/numbers.js";
import { button, made } from "../shell/dom.js";

/** @typedef {{slug: string, name: string, page: string, family: string, base: string, relation: string, words: string, fresh: Set<string>, stale: Set<string>, doubts: Record<string, string>}} Listed base: the model that it was made from, empty for none; relation: how; doubts: by analysis, why its values say nothing */

/** What a model is to its base. @type {Record<string, string>} */
const RELATIONS = { quantised: "quantised copy", merged: "merged model" };
/** Pairs of a model and its base that are offered at most. */
const OFFERED = 6;

export const MOST = 12;

/**
 * The models that the page lists for readers without JavaScript.
 * @param {HTMLElement} list
 * @returns {Map<string, Listed>} by slug, in the order of the page
 */
export function readModels(list) {
  const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-slug]")]);
  return new Map(
    items.map((item) => {
      const { slug = "", family = "", base = "", relation = "", tags = "", fresh = "", stale = "", doubts = "{}" } = item.dataset;
      const link = /** @type {HTMLAnchorElement} */ (item.querySelector("a"));
      const name = link.textContent ?? slug;
      const words = `${name} ${slug} ${family} ${tags}`.toLowerCase();
      const names = (/** @type {string} */ text) => new Set(text.split(" ").filter(Boolean));
      const known = { fresh: names(fresh), stale: names(stale), doubts: JSON.parse(doubts) };
      return [slug, { slug, name, page: link.href, family, base, relation, words, ...known }];
    }),
  );
}

export class Chooser {
  /**
   * @param {(role: string) => any} part of the page by its role
   * @param {Map<string, Listed>} models
   * @param {(slugs: string[], more?: {view: ""}) => void} onChoice more: where they are to be shown as suits them
   */
  constructor(part, models, onChoice) {
    this.part = part;
    this.models = models;
    this.onChoice = onChoice;
    /** @type {string[]} */
    this.chosen = [];
    /** @type {Map<string, HTMLInputElement>} */
    this.boxes = new Map();
    part("boxes").replaceChildren(...[...models.values()].map((model) => this.box(model)));
    part("search").addEventListener("input", () => this.search());
    part("search").closest("label").hidden = models.size < 9;
    part("baseline").addEventListener("change", () => {
      const first = part("baseline").value;
      this.onChoice([first, ...this.chosen.filter((slug) => slug !== first)]);
    });
    this.search();
  }

  /** @param {Listed} model */
  box({ slug, name, family }) {
    const box = made("input");
    Object.assign(box, { type: "checkbox", value: slug, autocomplete: "off" });
    box.addEventListener("change", () => {
      const others = this.chosen.filter((chosen) => chosen !== slug);
      this.onChoice(box.checked ? [...others, slug] : others);
    });
    this.boxes.set(slug, box);
    const label = made("label");
    const words = made("span");
    words.append(made("span", "", name), made("small", "", family));
    label.append(box, words);
    return label;
  }

  /** Show the models that have every word of the search. */
  search() {
    const words = this.part("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [slug, box] of this.boxes) {
      const fits = words.every((/** @type {string} */ word) => this.models.get(slug)?.words.includes(word));
      const label = /** @type {HTMLElement} */ (box.closest("label"));
      label.hidden = !fits;
      found += Number(fits);
    }
    const all = this.boxes.size;
    this.part("found").textContent = words.length ? `${found} of ${counted(all, "model")}` : counted(all, "model");
  }

  /**
   * @param {string[]} slugs that are chosen, the baseline first
   * @param {string} analysis that they are compared by
   */
  show(slugs, analysis) {
    this.chosen = slugs.filter((slug) => this.models.has(slug));
    const full = this.chosen.length >= MOST;
    for (const [slug, box] of this.boxes) {
      const model = this.models.get(slug);
      const lacks = !model?.fresh.has(analysis) && !model?.stale.has(analysis);
      box.checked = this.chosen.includes(slug);
      box.disabled = !box.checked && (lacks || full);
      const note = lacks ? `no profile of ${analysis}` : (model?.family ?? "");
      const small = box.closest("label")?.querySelector("small");
      if (small && small.textContent !== note) small.textContent = note;
    }
    this.part("full").hidden = !full;
    this.showChosen();
    this.showOffers(analysis);
  }

  /**
   * Offer the chosen models beside the models that they were made from, and those beside what was made
   * of them.
   * @param {string} analysis that both have
   */
  showOffers(analysis) {
    const { chosen, models } = this;
    const has = (/** @type {Listed | undefined} */ one) => one?.fresh.has(analysis) || one?.stale.has(analysis);
    const pairs = [...models.values()].filter(({ slug, base }) => chosen.includes(slug) || chosen.includes(base));
    const fitting = pairs.filter((one) => has(one) && has(models.get(one.base)) && chosen.join() !== `${one.base},${one.slug}`);
    const buttons = fitting.slice(0, OFFERED).map(({ slug, name, base, relation }) => {
      const offer = button(`${name} − ${models.get(base)?.name}`);
      offer.append(made("small", "", RELATIONS[relation] ?? relation));
      offer.addEventListener("click", () => this.onChoice([base, slug], { view: "" }));
      return offer;
    });
    this.part("offers").replaceChildren(...buttons);
    this.part("offers").closest("p").hidden = !buttons.length;
  }

  showChosen() {
    this.part("chosen").replaceChildren(...this.chosen.map((slug, at) => this.chip(slug, at)));
    const baseline = this.part("baseline");
    baseline.replaceChildren(...this.chosen.map((slug) => new Option(this.models.get(slug)?.name, slug)));
    baseline.disabled = this.chosen.length < 2;
  }

  /**
   * @param {string} slug
   * @param {number} at
   */
  chip(slug, at) {
    const name = this.models.get(slug)?.name ?? slug;
    const item = made("li");
    const drop = button("×");
    drop.setAttribute("aria-label", `Remove ${name}`);
    drop.addEventListener("click", () => {
      this.onChoice(this.chosen.filter((chosen) => chosen !== slug));
      const rest = this.part("chosen").querySelectorAll("button");
      (rest[Math.min(at, rest.length - 1)] ?? this.part("more").querySelector("summary")).focus();
    });
    item.append(made("span", "", name), ...(at ? [] : [made("small", "", "baseline")]), drop);
    return item;
  }
}
