/**
 * One head of the page of heads: what it does, and the heads of other models that are most like it.
 */

import { categoryText, relationTexts, SILENT } from "./bundle.js";
import { cells } from "./table.js";
import { basis, byBasis, distance, NO_FUNCTION, usualText } from "./nearest.js";
import { button, header, link, made } from "../shell/dom.js";

/** @typedef {import("./bundle.js").HeadBundle} HeadBundle */
/** @typedef {import("./bundle.js").Near} Near */
/** @typedef {import("./table.js").Data} Data */

const NAMED = 6; // models that were not compared, by name

export class HeadCard {
  /**
   * @param {HTMLElement} element of the page, hidden until a head is shown
   * @param {HeadBundle} bundle
   * @param {string} root of the site
   * @param {{open: (at: number) => void, close: () => void}} act
   */
  constructor(element, bundle, root, act) {
    this.element = element;
    this.bundle = bundle;
    this.root = root;
    this.title = made("h2");
    this.title.id = "atlas-head-card";
    this.title.tabIndex = -1;
    const shut = button("Close");
    shut.addEventListener("click", act.close);
    const top = made("div", "atlas-head-top");
    top.append(this.title, shut);
    this.body = made("div");
    element.setAttribute("aria-labelledby", this.title.id);
    element.replaceChildren(top, this.body);
    this.body.addEventListener("click", (event) => {
      const { ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
      const pressed = event.target instanceof Element ? event.target.closest("[data-at] th a") : null;
      if (!pressed || ctrlKey || metaKey || shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      act.open(Number(/** @type {HTMLElement} */ (pressed.closest("tr")).dataset.at));
    });
  }

  /**
   * @param {number} at -1 where the atlas has no such head
   * @param {string} asked how the address names it; empty for none
   * @param {Data} data
   * @param {Near[]} near
   * @param {number} does whether it has a function, as `functionOf` says
   */
  show(at, asked, data, near, does) {
    this.element.hidden = !asked;
    if (!asked) return;
    if (at < 0) {
      this.title.textContent = `Head ${asked}`;
      this.body.replaceChildren(made("p", "atlas-note", "There is no such head in this atlas."));
      return;
    }
    const model = this.bundle.model(at);
    const [layer, head] = this.bundle.place(at);
    this.title.textContent = `Head ${layer}.${head} of ${model.name}`;
    const where = made("p", "", `Layer ${layer} of 0 to ${model.layers - 1}, head ${head} of 0 to ${model.heads - 1}. ${this.summary(at, data)}`);
    where.append(" ", link("All that was measured of it", this.bundle.address(at, this.root)));
    this.body.replaceChildren(where, ...this.nearest(at, data, near, does));
  }

  /**
   * @param {number} at
   * @param {Data} data
   */
  summary(at, { classes, planes }) {
    if (!classes || classes[at] === 255) return "";
    const relations = relationTexts(this.bundle, planes, at);
    if (!relations.length && !classes[at]) return "Unclassified: it has no relation above chance.";
    const { ks } = this.bundle.model(at);
    const judged = ks ? ` Judged at k = ${ks[0]}, copying at k = ${ks[1]}.` : "";
    return `${categoryText(this.bundle, classes[at])}: ${relations.join(", ")}.${judged}`;
  }

  /**
   * @param {number} at
   * @param {Data} data
   * @param {Near[]} near
   * @param {number} does
   * @returns {HTMLElement[]}
   */
  nearest(at, data, near, does) {
    const title = made("h3", "", "Nearest heads in other models");
    if (does === SILENT) return [title, made("p", "atlas-note", NO_FUNCTION)];
    const apart = tooLittle(this.bundle, at);
    if (!near.length) return [title, made("p", "atlas-note", whyNoneNear(this.bundle, at)), ...apart];
    const table = made("table", "atlas-heads-table");
    const top = table.createTHead().insertRow();
    const names = ["Head", "Distance", "Compared on", ...data.columns.map(({ score }) => score.title)];
    if (data.planes.length) names.push("Relations");
    top.append(...names.map((name) => header(name)));
    [...top.cells].forEach((cell, place) => {
      if (place === 1 || (place > 2 && place < 3 + data.columns.length)) cell.className = "atlas-right";
    });
    const body = table.createTBody();
    body.append(this.row(at, null, data, at), ...byBasis(this.bundle, near).map((one) => this.row(one.head, one, data, at)));
    const scroll = made("div", "atlas-scroll atlas-heads-scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Nearest heads");
    scroll.append(table);
    const about = made(
      "p",
      "atlas-scale",
      `One head of each model, the nearest; those compared on more analyses come first. Distance: 0 where two heads do the same, 1 where they have nothing in common${usualText(this.bundle)}. `,
    );
    about.append(link("How nearest is computed", "#nearest"));
    return [title, scroll, about, ...apart];
  }

  /**
   * @param {number} at
   * @param {Near | null} near null for the head itself
   * @param {Data} data
   * @param {number} from the head that is shown
   */
  row(at, near, data, from) {
    const row = made("tr");
    const cell = header("", "row");
    const name = `${this.bundle.model(at).name} ${this.bundle.place(at).join(".")}`;
    if (near) {
      cell.append(link(name, `?head=${this.bundle.name(at)}`));
      const kin = lineage(this.bundle.model(from), this.bundle.model(at));
      if (kin) cell.append(" ", made("small", "atlas-note", kin));
      row.dataset.at = String(at);
    } else {
      cell.textContent = name;
      row.className = "atlas-chosen-row";
    }
    const far = made("td", "atlas-right", near ? distance(near) : "");
    row.append(cell, far, made("td", "", near ? basis(this.bundle, near) : "this head"), ...cells(this.bundle, at, { ...data, classes: null }));
    return row;
  }

  focus() {
    this.title.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }
}

/**
 * How two models are related, in words; empty where they are not. Heads of one lineage are often alike
 * because they are the same heads.
 * @param {import("./bundle.js").Model} model
 * @param {import("./bundle.js").Model} other
 */
function lineage(model, other) {
  if (other.base === model.slug) return `${other.made} from this model`;
  if (model.base === other.slug) return "this model's base";
  return model.base && model.base === other.base ? "of the same base" : "";
}

/**
 * Why a head has no nearest ones.
 * @param {HeadBundle} bundle
 * @param {number} at
 */
function whyNoneNear(bundle, at) {
  const { near, models } = bundle;
  if (models.length < 2) return "This atlas has no other model with heads.";
  if (!near) return "The nearest heads of this atlas were not computed: it has too many heads, or none of its scores is shared.";
  if (bundle.apart(bundle.model(at)).length === models.length - 1) return "Its model has too little in common with every other.";
  return "No head of another model does any of what it does.";
}

/**
 * The models whose heads were not compared with a head.
 * @param {HeadBundle} bundle
 * @param {number} at
 */
function tooLittle(bundle, at) {
  const apart = bundle.apart(bundle.model(at)).map(({ name }) => name);
  if (!apart.length) return [];
  const rest = apart.length > NAMED + 1 ? ` and ${apart.length - NAMED} more` : "";
  const names = (rest ? apart.slice(0, NAMED) : apart).join(", ");
  return [made("p", "atlas-note", `Too little in common, fewer than ${bundle.near?.fewest} relations measured of both in the same way: ${names}${rest}.`)];
}
