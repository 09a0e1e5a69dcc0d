/**
 * The table of heads: fifty rows at a time, sorted by the head of a column, read with arrow keys.
 */

import { categoryText, relationTexts } from "./bundle.js";
import { decimals, grouped, number } from "../matrix/numbers.js";
import { MISSING, valueOf } from "../matrix/scales.js";
import { button, header, link, made } from "../shell/dom.js";

/** @typedef {import("./bundle.js").HeadBundle} HeadBundle */
/** @typedef {import("./bundle.js").Score} Score */
/** @typedef {import("./filter.js").State} State */
/** @typedef {{score: Score, steps: Uint8Array}} Column */
/** @typedef {{columns: Column[], classes: Uint8Array | null, planes: Uint8Array[]}} Data */

export const ROWS = 50;
const NAMED = 2; // relations that a row names

/**
 * A step's value as the table shows it; nothing for none.
 * @param {Score} score
 * @param {number} step
 */
export function shown(score, step) {
  if (step === MISSING) return "–";
  const value = valueOf(score, step);
  if (score.kind === "counts") return grouped(Math.round(value));
  const text = score.high - score.low >= 1 && score.transform === "linear" ? decimals(value, 2) : number(value);
  return `${step === 0 && score.below ? "≤ " : ""}${text}`;
}

export class HeadTable {
  /**
   * @param {HeadBundle} bundle
   * @param {string} root of the site
   * @param {{sort: (id: string) => void, drop: (id: string) => void, open: (at: number) => void, point: (at: number) => void}} act
   */
  constructor(bundle, root, act) {
    this.bundle = bundle;
    this.root = root;
    this.act = act;
    this.element = made("div", "atlas-scroll atlas-heads-scroll");
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", "Table of heads");
    this.table = made("table", "atlas-heads-table");
    this.caption = this.table.createCaption();
    this.top = this.table.createTHead();
    this.body = this.table.createTBody();
    this.element.append(this.table);
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.element.addEventListener("click", (event) => this.click(event));
    for (const type of ["pointerover", "focusin"]) {
      this.element.addEventListener(type, ({ target }) => this.act.point(numberOf(target)));
    }
    this.element.addEventListener("pointerleave", () => this.act.point(-1));
  }

  /**
   * @param {Int32Array} heads all that fit, in order
   * @param {State} state
   * @param {Data} data
   */
  show(heads, state, data) {
    const start = (state.page - 1) * ROWS;
    const page = heads.slice(start, start + ROWS);
    const sort = state.sort || state.score;
    const by = this.bundle.scores.get(sort.replace(/^-/, ""));
    const order = sort.startsWith("-") ? "lowest first" : "highest first";
    const rows = page.length ? `Heads ${grouped(start + 1)} to ${grouped(start + page.length)} of ${grouped(heads.length)}` : "No head";
    this.caption.textContent = `${rows}, by ${withinSentence(by?.title ?? "")}, ${order}`;
    const focused = /** @type {HTMLElement | null} */ (this.top.contains(document.activeElement) ? document.activeElement : null);
    const kept = focused?.dataset.sort ?? focused?.dataset.drop;
    this.top.replaceChildren(this.head(state, data, sort));
    const again = kept && this.top.querySelector(`[data-sort="${CSS.escape(kept)}"]`);
    if (again instanceof HTMLElement) again.focus();
    this.body.replaceChildren(...[...page].map((at) => this.row(at, state, data)));
  }

  /**
   * @param {State} state
   * @param {Data} data
   * @param {string} sort
   */
  head(state, { columns, classes, planes }, sort) {
    const row = made("tr");
    row.append(header("Head"), header("Model"));
    for (const { score } of columns) {
      const cell = header("");
      cell.className = "atlas-right";
      const turned = sort.replace(/^-/, "") === score.id;
      cell.setAttribute("aria-sort", turned ? (sort.startsWith("-") ? "ascending" : "descending") : "none");
      const sorter = button(score.title, "atlas-sort");
      sorter.dataset.sort = score.id;
      sorter.title = `${score.title}, ${score.unit}. Higher: ${score.direction}`;
      cell.append(sorter);
      if (state.columns.includes(score.id)) {
        const drop = button("×", "atlas-drop");
        drop.setAttribute("aria-label", `Leave out the column ${score.title}`);
        drop.dataset.drop = score.id;
        cell.append(drop);
      }
      row.append(cell);
    }
    if (classes) row.append(header("Categories"));
    if (planes.length) row.append(header("Relations"));
    return row;
  }

  /**
   * @param {number} at
   * @param {State} state
   * @param {Data} data
   */
  row(at, state, data) {
    const row = made("tr");
    const model = this.bundle.model(at);
    const cell = header("", "row");
    const place = this.bundle.place(at).join(".");
    const opener = link(place, `?head=${this.bundle.name(at)}`);
    opener.setAttribute("aria-label", `Head ${place} of ${model.name}`);
    row.dataset.at = String(at);
    if (state.head === this.bundle.name(at)) row.className = "atlas-chosen-row";
    cell.append(opener);
    row.append(cell, this.home(at), ...cells(this.bundle, at, data));
    return row;
  }

  /** The model of a head, as a link to its page, with what must be known before it is ranked. @param {number} at */
  home(at) {
    const cell = made("td");
    const { slug, name, groups, stale, ks } = this.bundle.model(at);
    const reasons = Object.entries(groups).map(([analysis, group]) => this.bundle.groups[analysis][group].apart);
    cell.append(link(name, `${this.root}models/${slug}/`));
    const apart = [...new Set(reasons.filter(Boolean))].join("; ");
    const isUsual = !ks || ks.join() === this.bundle.usualKs;
    const notes = [...(stale ? ["stale"] : []), ...(apart ? ["measured differently"] : []), ...(isUsual ? [] : [`relations at k = ${ks[0]}`])];
    for (const note of notes) {
      const told = made("small", "atlas-heads-apart", note);
      if (note === "measured differently") told.title = apart;
      cell.append(" ", told);
    }
    return cell;
  }

  /** @param {Event} event */
  click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const { sort, drop } = target.dataset;
    if (sort) return this.act.sort(sort);
    if (drop) return this.act.drop(drop);
    const { ctrlKey, metaKey, shiftKey, button } = /** @type {MouseEvent} */ (event);
    const opener = target.closest("th a");
    if (!opener || ctrlKey || metaKey || shiftKey || button) return;
    event.preventDefault();
    event.stopPropagation();
    this.act.open(numberOf(opener));
  }

  /** Arrow keys go from row to row once one of their links has the focus. @param {KeyboardEvent} event */
  press(event) {
    const links = /** @type {HTMLElement[]} */ ([...this.body.querySelectorAll("th a")]);
    const now = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: links.length - 1 }[event.key];
    if (now < 0 || next === undefined || !links[next]) return;
    event.preventDefault();
    links[next].focus();
  }
}

/**
 * The cells of a head's row, after its name and model.
 * @param {HeadBundle} bundle
 * @param {number} at
 * @param {Data} data
 */
export function cells(bundle, at, { columns, classes, planes }) {
  const found = columns.map(({ score, steps }) => {
    const cell = made("td", "atlas-right", shown(score, steps[at]));
    const sure = steps[at] === MISSING ? "" : sureText(bundle, at, score, steps[at]);
    if (sure) cell.append(made("small", "", sure));
    return cell;
  });
  const words = [
    ...(classes ? [categoryText(bundle, classes[at])] : []),
    ...(planes.length ? [firstRelations(relationTexts(bundle, planes, at))] : []),
  ];
  return [...found, ...words.map((text) => made("td", "atlas-heads-words", text))];
}

/**
 * The 95% interval of a share, and the most that chance gives; empty for other scores.
 * @param {HeadBundle} bundle
 * @param {number} at
 * @param {Score} score
 * @param {number} step
 */
export function sureText(bundle, at, score, step) {
  const sure = bundle.sure(at, score, valueOf(score, step));
  if (!sure) return "";
  const chance = sure.chance === undefined ? "" : `, chance ≤ ${number(sure.chance)}`;
  return `${decimals(sure.low, 2)} to ${decimals(sure.high, 2)}${chance}`;
}

/** The first few of many relations; the head itself, opened, lists all. @param {string[]} relations */
function firstRelations(relations) {
  if (relations.length <= NAMED + 1) return relations.join(", ");
  return `${relations.slice(0, NAMED).join(", ")} and ${relations.length - NAMED} more`;
}

/** @param {EventTarget | null} target @returns {number} of the head whose row it stands in, -1 for none */
function numberOf(target) {
  const row = target instanceof Element ? target.closest("tr[data-at]") : null;
  return row instanceof HTMLElement ? Number(row.dataset.at) : -1;
}

/** A title as it is written within a sentence. @param {string} title */
function withinSentence(title) {
  return title.slice(0, 2) === title.slice(0, 2).toUpperCase() ? title : title[0].toLowerCase() + title.slice(1);
}
