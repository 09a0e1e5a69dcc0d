/**
 * The page of heads: filters, points, a table and one head with its nearest ones; the address says what
 * all of them show.
 */

import { loadTemplate } from "../shell/bokeh.js";
import { HeadBundle } from "./bundle.js";
import { HeadCard } from "./card.js";
import { HeadCloud } from "./cloud.js";
import { csv } from "./export.js";
import { fitting, sorted } from "./filter.js";
import { FIELDS, read, write } from "./address.js";
import { scene } from "./scene.js";
import { HeadTable, ROWS } from "./table.js";
import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { counted, grouped, number } from "../matrix/numbers.js";
import { whenBackOrForward } from "../shell/address.js";
import { download } from "../shell/dom.js";
import { tellFailure } from "../shell/lazy.js";

/** @typedef {import("./filter.js").State} State */
/** @typedef {import("./table.js").Column} Column */
/** @typedef {import("./table.js").Data} Data */

const COLUMNS = ["attention/previous", "attention/induction", "attention/sink", "functions/ov_copying"];
const FILTERS = /** @type {const} */ (["from", "to", "category", "relation", "model", "depth"]);

/**
 * @param {HTMLElement} element
 * @returns {Promise<HeadPage>}
 */
export default async function mount(element) {
  const url = new URL(String(element.dataset.src), document.baseURI);
  const [bundle, { palettes }] = await Promise.all([HeadBundle.load(url), loadTemplate()]);
  const page = new HeadPage(element, bundle, palettes);
  await page.apply();
  element.dataset.ready = "live";
  if (page.state.head) page.card.element.scrollIntoView({ block: "nearest" });
  return page;
}

class HeadPage {
  /**
   * @param {HTMLElement} element
   * @param {HeadBundle} bundle
   * @param {Record<string, string[]>} palettes
   */
  constructor(element, bundle, palettes) {
    this.element = element;
    this.bundle = bundle;
    this.gone = new AbortController();
    /** @type {Int32Array} those that fit, in order */
    this.heads = new Int32Array(0);
    /** @type {Data | undefined} */
    this.data = undefined;
    /** What the points were drawn for. */
    this.pictured = "";
    /** Number of the last request, so that an answer that comes late is dropped. */
    this.asked = 0;
    /** What had the focus before a head was opened. @type {HTMLElement | null} */
    this.before = null;
    const root = String(element.dataset.root);
    const open = (/** @type {number} */ at) => this.open(at);
    this.table = new HeadTable(bundle, root, {
      open,
      sort: (id) => this.sort(id),
      drop: (id) => this.drop(id),
      point: (at) => this.cloud.light(at),
    });
    this.cloud = new HeadCloud(this.part("cloud"), bundle, palettes, open);
    this.card = new HeadCard(this.part("card"), bundle, root, { open, close: () => this.close() });
    this.part("table").append(this.table.element);
    const picture = () => scene(this.cloud, [...this.chosen()]);
    this.part("cloud").append(exportLine(() => ({ scene: picture(), file: "heads", csv: () => this.csv() }), this.gone.signal));
    printable(this.part("cloud"), () => (this.cloud.axes ? picture() : null), this.gone.signal);
    this.offers = this.offered();
    this.state = read(this.offers);
    this.listen();
  }

  /**
   * @param {string} role
   * @returns {any}
   */
  part(role) {
    return this.element.querySelector(`[data-role="${role}"]`);
  }

  /** @returns {import("./address.js").Offers} what the page can show */
  offered() {
    const first = Object.fromEntries(FIELDS.map((name) => [name, chosen(this.part(name))]));
    const has = (/** @type {string} */ name, /** @type {string} */ value) => {
      const { options } = this.part(name);
      return options ? [...options].some((option) => option.value === value) : /^-?[\d.]{0,12}(e-?\d{1,2})?$/i.test(value);
    };
    const { scores } = this.bundle;
    return { first, columns: COLUMNS.filter((id) => scores.has(id)), has, scored: (id) => scores.has(id) };
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {(event: any) => void} */ act) =>
      target.addEventListener(type, act, { signal: this.gone.signal });
    for (const name of FIELDS) {
      const field = this.part(name);
      const typed = name === "from" || name === "to";
      // The list follows while a number is typed; the history gets one entry when it is done.
      if (typed) on(field, "input", () => this.change({ [name]: field.value }, true));
      else on(field, "change", () => this.change(name === "score" ? { score: field.value, from: "", to: "", sort: "" } : { [name]: field.value }));
    }
    on(this.part("add"), "change", () => this.add());
    on(this.part("reset"), "click", () => this.reset());
    on(this.part("clear"), "click", () => this.reset());
    on(this.part("back"), "click", () => this.turn(-1));
    on(this.part("next"), "click", () => this.turn(1));
    on(this.part("list"), "click", () => this.save());
    on(document, "keydown", (event) => {
      const busy = event.target instanceof Element && event.target.closest("input, select, [role=dialog]");
      if (event.key === "Escape" && this.state.head && !busy) this.close();
    });
    whenBackOrForward(() => this.follow(), this.gone.signal);
  }

  /** Show what the address names, after a step through the history. */
  follow() {
    this.state = read(this.offers);
    void this.apply();
  }

  /**
   * @param {Partial<State>} some of what is shown
   * @param {boolean} [again] replaces the current entry of the history instead of adding one
   */
  change(some, again = false) {
    const page = "head" in some || "across" in some || "colour" in some ? this.state.page : 1;
    this.state = { ...this.state, page, ...some };
    write(this.state, this.offers, again);
    return this.apply();
  }

  /** A column's head was pressed: highest first, then lowest first, then as the score has it. @param {string} id */
  sort(id) {
    const now = this.state.sort || this.state.score;
    const next = now === id ? `-${id}` : id;
    void this.change({ sort: next === this.state.score ? "" : next });
  }

  add() {
    const field = this.part("add");
    const id = field.value;
    field.value = "";
    if (id && !this.state.columns.includes(id)) void this.change({ columns: [...this.state.columns, id] });
  }

  /** Leave out a column, and with it the order that it gave. @param {string} id */
  drop(id) {
    const { columns, sort } = this.state;
    const rest = { columns: columns.filter((one) => one !== id) };
    void this.change(sort.replace(/^-/, "") === id ? { ...rest, sort: "" } : rest);
    this.part("add").focus(); // its button is gone
  }

  reset() {
    const first = Object.fromEntries(FILTERS.map((name) => [name, this.offers.first[name]]));
    void this.change(first);
    this.part("score").focus();
  }

  /** @param {number} step of a page */
  turn(step) {
    void this.change({ page: this.state.page + step }).then(() => {
      if (this.part("table").getBoundingClientRect().top < 0) this.part("told").scrollIntoView({ block: "start" });
    });
  }

  /** @param {number} at number of a head */
  open(at) {
    if (!this.card.element.contains(document.activeElement)) {
      this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    }
    void this.change({ head: this.bundle.name(at) }).then(() => this.card.focus());
  }

  close() {
    const { head } = this.state;
    void this.change({ head: "" }).then(() => {
      const link = this.table.element.querySelector(`a[href="?head=${CSS.escape(head)}"]`);
      const home = link ?? this.before;
      if (home instanceof HTMLElement && home.isConnected) home.focus({ preventScroll: true });
    });
  }

  /** @param {string} id @returns {Promise<Column>} */
  async column(id) {
    const score = /** @type {import("./bundle.js").Score} */ (this.bundle.scores.get(id));
    return { score, steps: await this.bundle.column(score) };
  }

  /** Columns of the table: the score, what heads are sorted by, depth, and what was added. */
  columns() {
    const { score, sort, columns } = this.state;
    const by = sort.replace(/^-/, "");
    return [...new Set([score, ...(by ? [by] : []), "depth", ...columns])];
  }

  /** Show the state. */
  async apply() {
    this.asked += 1;
    const turn = this.asked;
    const { state, bundle } = this;
    this.fillFields();
    const shade = bundle.scores.has(state.colour) ? state.colour : null;
    const at = bundle.find(state.head);
    try {
      const [classes, planes, columns, across, up, colour, near, does] = await Promise.all([
        bundle.categoryBits(),
        bundle.relationPlanes(),
        Promise.all(this.columns().map((id) => this.column(id))),
        this.column(state.across),
        this.column(state.score),
        shade ? this.column(shade) : null,
        at < 0 ? [] : bundle.nearest(at),
        bundle.functionOf(at),
      ]);
      if (turn !== this.asked || this.gone.signal.aborted) return;
      const data = { columns, classes, planes };
      this.rank(data, up.steps);
      this.state.page = Math.min(state.page, Math.max(1, Math.ceil(this.heads.length / ROWS)));
      this.table.show(this.heads, this.state, data);
      this.drawPoints(this.heads, { across, up, shade: colour, classes: state.colour === "classes" ? classes : null });
      this.card.show(at, state.head, data, near, does);
      this.cloud.keep(at < 0 ? [] : [at, ...near.map(({ head }) => head)]);
      this.data = data;
      this.describe(up);
    } catch (error) {
      if (turn === this.asked) this.fail(error);
    }
  }

  /**
   * Heads that fit, in order.
   * @param {Data} data
   * @param {Uint8Array} score
   */
  rank({ columns, classes, planes }, score) {
    const { state, bundle } = this;
    const sort = state.sort || state.score;
    const by = columns.find((one) => one.score.id === sort.replace(/^-/, ""));
    this.heads = sorted(fitting(bundle, state, { score, classes, planes }), by?.steps ?? score, sort.startsWith("-"));
  }

  /**
   * Draw the points only where they have changed: opening a head or turning a page moves none.
   * @param {Int32Array} heads
   * @param {import("./cloud.js").Axes} axes
   */
  drawPoints(heads, axes) {
    const { score, from, to, category, relation, model, depth, across, colour } = this.state;
    const key = [score, from, to, category, relation, model, depth, across, colour].join("\n");
    if (key === this.pictured) return;
    this.pictured = key;
    this.cloud.show(heads, axes);
  }

  /** Set the fields to the state. */
  fillFields() {
    for (const name of FIELDS) {
      const field = this.part(name);
      if (field.value !== this.state[name]) field.value = this.state[name];
    }
  }

  /** What is shown, in words. @param {Column} column the score */
  describe({ score, steps }) {
    const { state, bundle, heads } = this;
    const having = steps.reduce((sum, step) => sum + (step < 255 ? 1 : 0), 0);
    const shown = new Set(heads.map((at) => bundle.owner[at]));
    const others = bundle.models.flatMap(({ groups }, at) => (shown.has(at) && groups[score.analysis]) || []);
    const reasons = [...new Set(others)].map((group) => bundle.groups[score.analysis][group].apart).join("; ");
    const parts = [
      `${grouped(heads.length)} of ${counted(bundle.count, "head")}`,
      having < bundle.count ? `${counted(bundle.count - having, "head")} without a value: not measured, or absent from the architecture` : "",
      score.others?.length ? `${counted(score.others.length, "model")} ${score.others.length === 1 ? "has" : "have"} another quantity of that name` : "",
      others.length ? `${counted(others.length, "model")} ${others.length === 1 ? "was" : "were"} measured with another version or protocol (${reasons}) and should not be ranked with the rest` : "",
    ];
    this.part("told").textContent = parts.filter(Boolean).join(" · ");
    this.part("from").placeholder = number(score.low);
    this.part("to").placeholder = number(score.high);
    this.part("unit").textContent = `${score.title}: ${score.unit}. Higher: ${score.direction}.`;
    this.part("none").hidden = heads.length > 0;
    this.part("clear").hidden = FILTERS.every((name) => state[name] === this.offers.first[name]);
    const pages = Math.max(1, Math.ceil(heads.length / ROWS));
    this.part("pager").hidden = pages < 2;
    this.part("at").textContent = `Page ${grouped(state.page)} of ${grouped(pages)}`;
    this.part("back").disabled = state.page <= 1;
    this.part("next").disabled = state.page >= pages;
    this.part("list").disabled = !heads.length;
  }

  /** The heads that fit, in their order, as a file. */
  save() {
    if (this.data) download("heads.csv", new Blob([this.csv()], { type: "text/csv" }));
  }

  csv() {
    return this.data ? csv(this.bundle, this.heads, this.data) : "";
  }

  /** Which heads are shown, in words. @returns {Generator<string>} */
  *chosen() {
    for (const name of FILTERS) {
      const field = this.part(name);
      if (!field.value) continue;
      const said = field.options ? field.selectedOptions[0].textContent : field.value;
      yield `${field.closest("label").querySelector("span").textContent}: ${said}.`;
    }
  }

  /** @param {unknown} error */
  fail(error) {
    tellFailure(this.part("table"), "The heads could not be read", error);
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.cloud.recolour();
  }

  dispose() {
    this.gone.abort();
    this.cloud.dispose();
  }
}

/** What a field begins with. @param {any} field */
function chosen(field) {
  if (!field.options) return field.defaultValue;
  const first = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return String(first?.value ?? "");
}
