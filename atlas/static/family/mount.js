/**
 * A family's page: its sizes as panels on one scale with one order of modules, and trends across
 * them, from the models' own profiles; what is shown stands in the address.
 */

import { loadTemplate } from "../shell/bokeh.js";
import { charts } from "./trends.js";
import { bar, classes, made } from "../panels/legend.js";
import { arranged, Ladder, MOST, picks } from "./sizes.js";
import { exact, owner, place } from "../matrix/numbers.js";
import { fits, joined } from "../matrix/column-order.js";
import { footLabels, sideLabels } from "../panels/labels.js";
import { cellAt, cellSize, paint, pixels, stepOf } from "../panels/canvas.js";
import { drawn } from "../plots/lines.js";

/** @typedef {import("./sizes.js").Size} Size */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

const FIELDS = /** @type {const} */ (["analysis", "matrix", "order", "depth", "pick"]);
/** Room for a panel in pixels. */
const [WIDE, HIGH] = [320, 400];
/** Pixels that a panel takes beside its cells. */
const AROUND = 60;

/**
 * @param {HTMLElement} element
 * @returns {Promise<{dispose: () => void, recolour: () => void}>}
 */
export async function mount(element) {
  const root = new URL(String(element.dataset.root), document.baseURI);
  const url = new URL(String(element.dataset.src), document.baseURI);
  const [ladder, { palettes }] = await Promise.all([Ladder.load(url, root), loadTemplate()]);
  const family = new Family(element, ladder, palettes);
  family.read();
  await family.show();
  element.dataset.ready = "live";
  return family;
}

class Family {
  /**
   * @param {HTMLElement} element
   * @param {Ladder} ladder
   * @param {Record<string, string[]>} palettes
   */
  constructor(element, ladder, palettes) {
    this.element = element;
    this.ladder = ladder;
    this.palettes = palettes;
    this.gone = new AbortController();
    /** @type {Size[]} */
    this.sizes = [];
    /** @type {Set<number>} */
    this.off = new Set();
    this.hatched = false;
    this.tip = made("div", "atlas-tip");
    this.tip.hidden = true;
    this.tip.setAttribute("role", "status");
    element.append(this.tip);
    for (const name of FIELDS) {
      this.part(name).addEventListener("change", () => void this.chosen(name), { signal: this.gone.signal });
    }
    this.part("beside").addEventListener("change", () => this.joinOrPart(), { signal: this.gone.signal });
  }

  /**
   * @param {string} role
   * @returns {any}
   */
  part(role) {
    return this.element.querySelector(`[data-role="${role}"]`);
  }

  get analysis() {
    const { analyses } = this.ladder.index;
    return analyses.find(({ name }) => name === this.part("analysis").value) ?? analyses[0];
  }

  /** @returns {Quantity} */
  get quantity() {
    const { matrices } = this.analysis;
    return matrices.find(({ name }) => name === this.part("matrix").value) ?? matrices[0];
  }

  /** What the address asks for, as far as there is such a choice. */
  read() {
    const asked = new URLSearchParams(location.search);
    for (const name of FIELDS) {
      const field = this.part(name);
      if (name === "matrix") this.offerMatrices();
      if (name === "pick") this.offerPicks();
      const offered = [...field.options].some((option) => option.value === asked.get(name));
      if (offered) field.value = asked.get(name);
    }
    this.part("beside").checked = asked.get("beside") !== "no";
  }

  /** Whole blocks stand first, or no longer do. */
  joinOrPart() {
    this.draw();
    this.write();
  }

  write() {
    const asked = new URLSearchParams();
    for (const name of FIELDS) {
      const field = this.part(name);
      if (field.value && field.selectedIndex > 0) asked.set(name, field.value);
    }
    if (!this.part("beside").checked) asked.set("beside", "no");
    const query = asked.toString();
    history.replaceState(history.state, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
  }

  /** @param {typeof FIELDS[number]} name what the reader has chosen anew */
  async chosen(name) {
    if (name === "analysis") this.offerMatrices();
    if (name === "analysis" || name === "matrix") {
      this.off.clear();
      this.offerPicks();
      await this.show();
    } else if (name === "pick") this.follow();
    else this.draw();
    this.write();
  }

  offerMatrices() {
    const picker = this.part("matrix");
    picker.replaceChildren();
    /** @type {Map<string, HTMLElement>} quantities whose names share what stands before a colon */
    const groups = new Map();
    for (const { name, title } of this.analysis.matrices) {
      const prefix = name.includes(":") ? name.split(":")[0] : "";
      let group = prefix ? groups.get(prefix) : picker;
      if (!group) {
        group = made("optgroup");
        group.setAttribute("label", prefix);
        groups.set(prefix, group);
        picker.append(group);
      }
      group.append(new Option(title, name));
    }
  }

  offerPicks() {
    const { quantity } = this;
    const before = this.part("pick").value;
    const options = picks(quantity).map(({ label }) => new Option(label, label));
    this.part("pick").replaceChildren(...options);
    if (options.some(({ value }) => value === before)) this.part("pick").value = before;
    this.part("pick-label").textContent = quantity.transform === "whole" ? "Class" : "Module";
    this.part("pick").closest("label").hidden = options.length < 2;
    this.part("order").closest("label").hidden = !quantity.columns.length;
  }

  /** Load what the pickers name, and draw it. */
  async show() {
    const { analysis, quantity } = this;
    this.part("told").textContent = `Loading ${Math.min(MOST, analysis.members.length)} profiles …`;
    try {
      const sizes = await this.ladder.sizes(analysis, quantity);
      if (quantity !== this.quantity || this.gone.signal.aborted) return;
      this.sizes = sizes;
    } catch (error) {
      this.part("told").textContent = `The profiles could not be loaded: ${/** @type {Error} */ (error).message}.`;
      throw error;
    }
    this.draw();
    this.follow();
  }

  draw() {
    this.point(null);
    const { quantity } = this;
    const colours = pixels(quantity, this.palettes, this.off);
    const columns = this.part("order").value === "mean" ? quantity.columns : quantity.block;
    const first = this.part("beside");
    first.closest("label").hidden = !this.sizes.some(({ matrix, beside }) => beside && fits(matrix, beside));
    const shown = this.sizes.map(({ model, matrix, beside }) => {
      const own = columns.length ? arranged(matrix, columns) : matrix;
      return { model, matrix: first.checked ? joined(own, beside) : own };
    });
    this.hatched = shown.some(({ matrix }) => matrix.values.flat().includes(null));
    const cells = shown.map(({ matrix }) => cellSize({ ...matrix, steps: new Uint8Array() }, WIDE, HIGH));
    const most = Math.max(...shown.map(({ matrix }) => matrix.columns.length));
    // The name of a module fits; a head can be seen, and few of them are no sliver.
    const least = quantity.columns.length ? 16 : Math.max(4, Math.ceil(90 / most));
    const room = Math.floor((this.element.clientWidth / shown.length - AROUND) / most); // all in a row
    const wide = Math.min(26, Math.max(least, room), ...cells.map(([width]) => width));
    const high = Math.min(22, ...cells.map(([, height]) => height));
    const tallest = Math.max(...shown.map(({ matrix }) => matrix.rows.length)) * high;
    const panels = shown.map(({ model, matrix }) => {
      const height = this.part("depth").value === "relative" ? tallest : matrix.rows.length * high;
      return this.panel(model, matrix, colours, wide * matrix.columns.length, height);
    });
    this.part("panels").replaceChildren(...panels);
    this.describe();
  }

  /**
   * One model's panel: name, canvas, labels.
   * @param {import("./sizes.js").Model} model
   * @param {Matrix} matrix
   * @param {Uint32Array} colours
   * @param {number} width
   * @param {number} height
   */
  panel(model, matrix, colours, width, height) {
    const { quantity } = this;
    const figure = made("figure", "atlas-panel");
    const title = made("figcaption");
    const link = /** @type {HTMLAnchorElement} */ (made("a", "", model.name));
    link.href = this.address(model.slug);
    title.append(link);
    const canvas = document.createElement("canvas");
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    canvas.classList.toggle("atlas-joined", Boolean(matrix.beside));
    canvas.style.setProperty("--first", `${width / matrix.columns.length}px`);
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "img");
    canvas.setAttribute(
      "aria-label",
      `${quantity.title} of ${model.name}, ${matrix.rows.length} by ${matrix.columns.length}. Arrow keys read it cell by cell.`,
    );
    const steps = Uint8Array.from(matrix.values.flat(), (value) => stepOf(quantity, value));
    paint(canvas, { rows: matrix.rows, columns: matrix.columns, steps }, colours);
    const frame = made("div", "atlas-panel-frame");
    frame.append(sideLabels(matrix.rows, height, matrix.axes[0]), canvas, footLabels(matrix.columns, width, matrix.axes[1]));
    figure.append(title, frame);
    this.hear(canvas, model, matrix);
    return figure;
  }

  /**
   * Pointer and keys on a panel.
   * @param {HTMLCanvasElement} canvas
   * @param {import("./sizes.js").Model} model
   * @param {Matrix} matrix
   */
  hear(canvas, model, matrix) {
    /** @type {[number, number] | null} */
    let at = null;
    const tell = (/** @type {[number, number] | null} */ cell) => {
      at = cell;
      this.point(cell && { canvas, model, matrix, cell });
    };
    for (const type of ["pointermove", "pointerdown"]) {
      canvas.addEventListener(type, (event) => tell(cellAt(canvas, /** @type {PointerEvent} */ (event))));
    }
    for (const type of ["pointerleave", "blur"]) canvas.addEventListener(type, () => tell(null));
    canvas.addEventListener("dblclick", () => {
      if (at) location.assign(this.address(model.slug, matrix, at));
    });
    canvas.addEventListener("keydown", (event) => {
      const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const move = moves[/** @type {keyof typeof moves} */ (event.key)];
      if (event.key === "Escape") return tell(null);
      if (event.key === "Enter" && at) return location.assign(this.address(model.slug, matrix, at));
      if (!move) return undefined;
      event.preventDefault();
      const next = at ? [at[0] + move[0], at[1] + move[1]] : [0, 0];
      const inside = next[0] >= 0 && next[1] >= 0 && next[0] < matrix.rows.length && next[1] < matrix.columns.length;
      return inside ? tell([next[0], next[1]]) : undefined;
    });
  }

  /**
   * The section of a model's page, with a cell pinned where one is named.
   * @param {string} slug
   * @param {Matrix} [matrix]
   * @param {[number, number]} [cell]
   * @returns {string}
   */
  address(slug, matrix, cell) {
    const { name } = this.analysis;
    const pin = new URLSearchParams(
      matrix && cell
        ? { figure: name, matrix: matrix.name, row: matrix.rows[cell[0]], column: matrix.columns[cell[1]] }
        : {},
    ).toString();
    return `${this.element.dataset.root}models/${slug}/${pin && `?${pin}`}#${name}`;
  }

  /** The words and the key above the panels. */
  describe() {
    const { analysis, quantity, sizes } = this;
    const { models } = this.ladder.index;
    const key = this.part("key");
    if (quantity.transform === "whole") {
      const counts = quantity.categories.map(
        (_, category) => sizes.flatMap(({ matrix }) => matrix.values.flat()).filter((value) => value === category).length,
      );
      const focused = [...key.querySelectorAll("button")].indexOf(document.activeElement);
      const toggle = (/** @type {number} */ category) => {
        if (!this.off.delete(category)) this.off.add(category);
        this.draw();
      };
      key.replaceChildren(classes(quantity, this.palettes, this.off, counts, toggle));
      if (focused >= 0) key.querySelectorAll("button")[focused]?.focus();
    } else key.replaceChildren(bar(quantity, this.palettes));
    const [rows, columns] = quantity.axes.map((axis) => axis.replaceAll("_", " "));
    const named = (/** @type {string} */ slug) => models.find((model) => model.slug === slug)?.name ?? slug;
    const lacking = analysis.members.filter((_, at) => !quantity.shown[at]).map((at) => models[at].name);
    const awaiting = models.length - analysis.members.length - analysis.apart.length;
    const parts = [
      `${sizes.length} of ${models.length} models on one scale: ${quantity.text}`,
      this.hatched ? "hatched: does not exist in that architecture" : "",
      sizes.length === MOST ? "more are in the survey" : "",
      `rows: ${rows}, the first on top; columns: ${columns}; a double click opens a model's page there`,
      lacking.length ? `without this quantity, or another one of that name: ${lacking.join(", ")}` : "",
      ...analysis.apart.map(([slug, why]) => `not shown beside the others: ${named(slug)}, measured with ${why}`),
      awaiting ? `${awaiting} awaiting this analysis` : "",
    ];
    this.part("told").textContent = `${parts.filter(Boolean).join(" · ")}.`;
    const link = this.part("compare");
    link.hidden = sizes.length < 2;
    const slugs = sizes.map(({ model }) => model.slug).join(",");
    link.href = `${this.element.dataset.root}compare/?models=${slugs}&analysis=${analysis.name}&matrix=${encodeURIComponent(quantity.name)}`;
  }

  /** The lines across sizes. */
  follow() {
    const { quantity, sizes } = this;
    const options = picks(quantity);
    const pick = options.find(({ label }) => label === this.part("pick").value) ?? options[0];
    const width = Math.min(520, this.element.clientWidth);
    const shown = charts(sizes, quantity, pick, (at) => this.shade(at));
    this.part("trends").replaceChildren(...shown.map((chart) => drawn(chart, width)));
  }

  /**
   * @param {number} at place on the ladder
   * @returns {string} a colour that goes with size and stands off the page
   */
  shade(at) {
    const palette = this.palettes.sequential;
    const share = this.sizes.length > 1 ? at / (this.sizes.length - 1) : 0.5;
    const [from, to] = document.body.dataset.mdColorScheme === "slate" ? [0.35, 0.97] : [0.12, 0.82];
    return palette[Math.round((from + (to - from) * share) * (palette.length - 1))];
  }

  /** @param {{canvas: HTMLCanvasElement, model: import("./sizes.js").Model, matrix: Matrix, cell: [number, number]} | null} at */
  point(at) {
    const { tip } = this;
    tip.hidden = !at;
    if (!at) return;
    const { canvas, model, matrix, cell } = at;
    const [row, column] = cell;
    tip.replaceChildren(
      made("strong", "atlas-value", exact(matrix, row, column)),
      made("span", "", `${place(matrix.axes[0], matrix.rows[row])}, ${place(matrix.axes[1], matrix.columns[column])}`),
      made("span", "", model.name),
    );
    const [own] = owner(matrix, column);
    if (own === matrix.beside) tip.append(made("small", "", `${own.title}, ${own.unit}`));
    const [map, home] = [canvas.getBoundingClientRect(), this.element.getBoundingClientRect()];
    const x = map.left - home.left + (map.width * (column + 1)) / matrix.columns.length + 10;
    const y = map.top - home.top + (map.height * row) / matrix.rows.length - tip.offsetHeight - 8;
    const left = x + tip.offsetWidth > home.width ? Math.max(0, x - tip.offsetWidth - 40) : x;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.max(0, y))}px)`;
  }

  recolour() {
    if (this.sizes.length) this.follow();
  }

  dispose() {
    this.gone.abort();
    this.tip.remove();
  }
}
