/**
 * All about one head: its scores on every relation, with interval and chance, whether it copies, what
 * other analyses measured of it, and what it makes of the tokens that it acts on most. Tokens are
 * always shown as text, never as HTML.
 */

import { interval, scoreName, shareOf, relationTitle } from "../matrix/chance.js";
import { otherScores, readOtherAnalyses } from "./other-analyses.js";
import { CATEGORIES, categoryText } from "./words.js";
import { known, number, rank, written } from "../matrix/numbers.js";
import { button, made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {[number, number]} Head layer and head */
/** @typedef {[string, number, string[]]} Salient token, factor, tokens that it raises most */
/** @typedef {{layer: number, head: number, relations: Record<string, number[]>, salient: Salient[]}} Part */

export class HeadPanel {
  /**
   * @param {HTMLElement} home
   * @param {() => void} close
   */
  constructor(home, close) {
    /** @type {Head | null} */
    this.head = null;
    /** @type {Promise<Map<string, Part>> | undefined} */
    this.parts = undefined;
    /** @type {Promise<import("./other-analyses.js").Elsewhere[]> | undefined} */
    this.others = undefined;
    this.home = home;
    this.element = made("aside", "atlas-head-panel");
    this.element.hidden = true;
    this.element.setAttribute("aria-labelledby", "atlas-head-title");
    this.body = made("div", "atlas-head-body");
    this.title = made("h3");
    this.title.id = "atlas-head-title";
    this.title.tabIndex = -1;
    const shut = button("Close");
    shut.addEventListener("click", close);
    const top = made("div", "atlas-head-top");
    top.append(this.title, shut);
    this.element.append(top, this.body);
    home.append(this.element);
  }

  /**
   * @param {Head | null} head null for none
   * @param {() => Promise<any>} read the model's `functions.json`
   * @param {URL} source of `functions.heads.json`
   */
  async show(head, read, source) {
    this.head = head;
    this.element.hidden = !head;
    if (!head) return;
    const name = head.join(".");
    this.element.dataset.ready = "loading";
    this.title.textContent = `Head ${name}`;
    this.parts ??= fetchJson(source).then(({ heads }) => byName(heads));
    this.parts.catch(() => (this.parts = undefined));
    this.others ??= readOtherAnalyses(this.home);
    this.others.catch(() => (this.others = undefined));
    let told;
    try {
      const [profile, parts, others] = await Promise.all([read(), this.parts, this.others]);
      told = content(profile, head, parts.get(name), others);
    } catch (error) {
      told = [made("p", "atlas-note", `This head could not be read: ${error instanceof Error ? error.message : error}.`)];
    }
    if (this.head !== head) return; // the reader has opened another one meanwhile
    this.body.replaceChildren(...told);
    this.body.scrollTop = 0;
    this.element.dataset.ready = name;
    void this.compare(head);
  }

  /**
   * The heads of other models that are most like it, once they are loaded; an error is shown there.
   * @param {Head} head
   */
  async compare(head) {
    const place = made("div", "atlas-head-nearest");
    const before = this.body.querySelector(".atlas-head-salient-title");
    this.body.insertBefore(place, before);
    try {
      const { nearestTo } = await import("../heads/nearest.js");
      place.replaceChildren(...(await nearestTo(head)));
    } catch (error) {
      place.replaceChildren(made("p", "atlas-note", `The nearest heads could not be read: ${error instanceof Error ? error.message : error}.`));
    }
    place.dataset.ready = head.join(".");
  }

  focus() {
    this.title.focus({ preventScroll: true });
  }

  dispose() {
    this.element.remove();
  }
}

/**
 * @param {Part[]} heads
 * @returns {Map<string, Part>} by `12.3`
 */
function byName(heads) {
  return new Map(heads.map((one) => [`${one.layer}.${one.head}`, one]));
}

/**
 * @param {any} profile
 * @param {Head} head
 * @param {Part | undefined} part
 * @param {import("./other-analyses.js").Elsewhere[]} others
 * @returns {HTMLElement[]}
 */
function content(profile, head, part, others) {
  const matrices = new Map(profile.matrices.map((/** @type {Matrix} */ one) => [one.name, one]));
  if (!part) return [made("p", "atlas-note", "This model has no such head.")];
  const layers = matrices.get("ov_copying")?.rows.length ?? 1;
  const [layer, one] = head;
  const where = `Layer ${layer} of 0 to ${layers - 1}, head ${one}. `;
  const classed = CATEGORIES.every((name) => matrices.has(`relations:${name}`)) ? `${categoryText(matrices, head)}.` : "";
  return [
    made("p", "", where + classed),
    ...copying(matrices.get("ov_copying"), head),
    ...relations(profile, matrices, part),
    ...otherScores(others, head),
    ...salient(part),
  ];
}

/**
 * @param {Matrix | undefined} matrix
 * @param {Head} head
 */
function copying(matrix, [layer, head]) {
  const value = matrix?.values[layer][head];
  if (!matrix || typeof value !== "number") return [];
  const all = known(matrix);
  const scale = made("span", "atlas-head-scale atlas-head-signed");
  scale.append(mark("atlas-head-at", (value + 1) / 2));
  const line = made("p", "atlas-head-copying");
  line.append(scale, made("strong", "atlas-number", written(value)), ` of −1 to 1, rank ${rank(all, value)} of ${all.length}`);
  return [made("h4", "", matrix.title), line];
}

/**
 * Scores above the threshold, each on a line from 0 to 1: its interval, and where chance lies.
 * @param {any} profile
 * @param {Map<string, Matrix>} matrices
 * @param {Part} part
 */
function relations(profile, matrices, part) {
  const { threshold } = profile.protocol;
  const rows = Object.entries(part.relations).sort(([, a], [, b]) => b[0] - a[0]);
  const title = made("h4", "", `Relations scored above ${threshold}`);
  if (!rows.length) return [title, made("p", "", "None.")];
  const list = made("ul", "atlas-head-scores");
  for (const [name, told] of rows) {
    const said = scoreName(name);
    const matrix = matrices.get(name);
    const [value, low, high] = sure(told, matrix?.n);
    const chance = told[3];
    const item = made("li", low > chance ? "" : "atlas-head-unsure");
    const scale = made("span", "atlas-head-scale");
    const range = mark("atlas-head-range", low);
    range.style.width = `${(high - low) * 100}%`;
    scale.append(range, mark("atlas-head-chance", chance), mark("atlas-head-at", value));
    const label = made("span", "atlas-head-name", matrix ? relationTitle(matrix) : name);
    if (said?.sign === "suppressive") label.append(made("em", "", " pushed down"));
    const about = [
      `${number(low)} to ${number(high)}`,
      `chance ${number(chance)}`,
      matrix?.n ? `${matrix.n} pairs, k = ${said?.k}` : "",
      low > chance ? "" : "not above chance",
    ];
    item.append(label, made("strong", "atlas-number", number(value)), scale, made("small", "", about.filter(Boolean).join(" · ")));
    list.append(item);
  }
  const key = made("p", "atlas-head-key");
  key.append(made("i", "atlas-head-range"), " 95% interval ", made("i", "atlas-head-chance"), " chance, for this head");
  return [title, list, key];
}

/**
 * A score with its interval, as the figure has them: of the share that was counted, not of its digits.
 * @param {number[]} told score and ends of its interval, to the digits of the file
 * @param {number | undefined} pairs
 */
function sure([value, low, high], pairs) {
  const share = pairs ? shareOf(value, pairs) : value;
  return pairs ? [share, ...interval(share, pairs)] : [value, low, high];
}

/** @param {Part} part */
function salient({ salient: rows }) {
  if (!rows.length) return [];
  const table = made("table", "atlas-head-salient");
  const top = made("tr");
  for (const name of ["Token", "Factor", "Raises most"]) top.append(made("th", "", name));
  const head = made("thead");
  head.append(top);
  const body = made("tbody");
  for (const [token, factor, targets] of rows) {
    const row = made("tr");
    const [first, last] = [made("td"), made("td")];
    first.append(made("code", "", token));
    for (const target of targets) last.append(made("code", "", target), " ");
    row.append(first, made("td", "atlas-number", number(factor)), last);
    body.append(row);
  }
  table.append(head, body);
  return [made("h4", "atlas-head-salient-title", "Salient mappings"), made("p", "atlas-note", "The tokens that it lengthens most; ␣ is a space."), table];
}

/**
 * @param {string} name its class
 * @param {number} share of the line
 */
function mark(name, share) {
  const one = made("i", name);
  one.style.left = `${share * 100}%`;
  return one;
}
