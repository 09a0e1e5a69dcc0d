/**
 * A family's page: its sizes as panels on one scale with one order of modules, and trends across
 * them, from the models' own profiles; what is shown stands in the address.
 */

import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { fits, joined, upright } from "../matrix/column-order.js";
import { counted, direction, field } from "../matrix/numbers.js";
import { hatching } from "../matrix/scales.js";
import { pixels } from "../panels/canvas.js";
import { barOf, drawBar } from "../panels/colour-bar.js";
import { showKey } from "../panels/legend.js";
import { csvOf as csvOfLines, drawChart, keysOf, panelOf } from "../plots/lines.js";
import { amend, readQuery } from "../shell/address.js";
import { hasSection } from "../shell/atlas-told.js";
import { loadTemplate } from "../shell/bokeh.js";
import { made } from "../shell/dom.js";
import { FamilyPanels } from "./panels.js";
import { csvOf, sceneOf, source } from "./scene.js";
import { withColumns, Ladder, MOST, picks } from "./sizes.js";
import { charts } from "./trends.js";

/** @typedef {import("./sizes.js").Size} Size */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/** Shares of the palette between which sizes are drawn on white, and on dark ground. */
const [LIGHT, DARK] = [[0.12, 0.72], [0.35, 0.97]];

const FIELDS = /** @type {const} */ (["analysis", "matrix", "order", "depth", "pick"]);

/**
 * @param {HTMLElement} element
 * @returns {Promise<{dispose: () => void, recolour: () => void}>}
 */
export default async function mount(element) {
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
    /** @type {import("../plots/lines.js").Chart[]} */
    this.charts = [];
    /** @type {Set<number>} */
    this.off = new Set();
    this.hatched = false;
    this.panels = new FamilyPanels(element, this.part("panels"), (...asked) => this.address(...asked));
    const exported = () => ({ scene: this.scene(), file: this.file(), csv: () => csvOf(this.quantity, this.panels.laid) });
    this.part("figure").after(exportLine(exported, this.gone.signal));
    printable(this.part("figure"), () => (this.sizes.length ? this.scene() : null), this.gone.signal);
    const trends = () => ({ scene: this.trendScene(), file: `${this.file()}.trends`, csv: () => csvOfLines(this.charts, field) });
    this.part("trends").after(exportLine(trends, this.gone.signal));
    printable(this.part("trends"), () => (this.charts.length ? this.trendScene() : null), this.gone.signal);
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

  /** What the address asks for, as far as the page offers it. */
  read() {
    const asked = readQuery();
    for (const name of FIELDS) {
      const field = this.part(name);
      if (name === "matrix") this.offerMatrices();
      if (name === "pick") this.offerPicks();
      const offered = [...field.options].some((option) => option.value === asked.get(name));
      if (offered) field.value = asked.get(name);
    }
    this.part("beside").checked = asked.get("beside") !== "no";
  }

  /** Show whole layers first, or not. */
  joinOrPart() {
    this.draw();
    this.write();
  }

  write() {
    /** @type {Record<string, string | undefined>} */
    const values = {};
    for (const name of FIELDS) {
      const field = this.part(name);
      values[name] = (field.selectedIndex > 0 && field.value) || undefined;
    }
    values.beside = this.part("beside").checked ? undefined : "no";
    amend(values, true);
  }

  /** @param {typeof FIELDS[number]} name of the field that the reader has changed */
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
    this.part("pick-label").textContent = quantity.transform === "whole" ? "Class" : "Component";
    this.part("pick").closest("label").hidden = options.length < 2;
    this.part("order").closest("label").hidden = !quantity.columns.length;
  }

  /** Load what the pickers name, and draw it. */
  async show() {
    const { analysis, quantity } = this;
    this.part("told").textContent = `Loading ${counted(Math.min(MOST, analysis.members.length), "profile")} …`;
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
    const { quantity } = this;
    const isRanked = this.part("order").value === "mean" && quantity.columns.length > 0;
    const columns = isRanked ? quantity.columns : quantity.block;
    const first = this.part("beside");
    first.closest("label").hidden = !this.sizes.some(({ matrix, beside }) => beside && fits(matrix, beside));
    const shown = this.sizes.map(({ model, matrix, beside }) => {
      const own = columns.length ? withColumns(matrix, columns) : matrix;
      return { model, mark: this.mark(model), matrix: upright(first.checked ? joined(own, beside) : own) };
    });
    this.hatched = shown.some(({ matrix }) => matrix.values.flat().includes(null));
    this.explain();
    const isRelative = this.part("depth").value === "relative";
    const order = isRanked ? "highest mean first" : "";
    this.panels.draw(shown, quantity, pixels(quantity, this.palettes, this.off), { isRelative, order });
    this.describe();
  }

  /** @returns {import("../drawing/scene.js").Scene} what the panels show */
  scene() {
    const { element, analysis, quantity, panels, sizes, palettes, off } = this;
    const family = String(element.dataset.name);
    return sceneOf({ family, analysis, quantity, laid: panels.laid, sizes, palettes, off, notes: this.notes() });
  }

  file() {
    const { analysis, quantity, ladder } = this;
    return `${ladder.index.family}.${analysis.name}.${quantity.name.replaceAll(/[:@]/g, "-")}`;
  }

  /**
   * What leads from a model to the note on it.
   * @param {import("./sizes.js").Model} model
   */
  mark({ slug }) {
    return this.analysis.doubts.some(([one]) => one === slug) ? "\u2020" : "";
  }

  /** @returns {string[]} what must be known before sizes are compared, in sentences */
  notes() {
    const { analysis, sizes } = this;
    const doubted = sizes.flatMap(({ model }) =>
      analysis.doubts.filter(([slug]) => slug === model.slug).map(([, why]) => `\u2020 ${model.name} ${why}.`),
    );
    return [...doubted, ...analysis.unequal];
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
    const labels = matrix && cell ? [matrix.rows[cell[0]], matrix.columns[cell[1]]] : [];
    if (matrix && matrix.axes[0] !== this.quantity.axes[0]) labels.reverse();
    const [row, column] = labels;
    const pin = new URLSearchParams(matrix && cell ? { figure: name, matrix: matrix.name, row, column } : {}).toString();
    return `${this.element.dataset.root}models/${slug}/${pin && `?${pin}`}#${name}`;
  }

  /** What the colours mean: a bar beside the panels, or classes above them. */
  explain() {
    const { quantity, sizes, palettes, off } = this;
    const [key, scale] = [this.part("key"), this.part("scale")];
    const isWhole = quantity.transform === "whole";
    key.hidden = !isWhole;
    scale.hidden = isWhole;
    if (!isWhole) return scale.replaceChildren(drawBar(barOf(quantity, palettes, true)));
    const counts = () => {
      const values = sizes.flatMap(({ matrix }) => matrix.values.flat());
      return quantity.categories.map((_, category) => values.filter((value) => value === category).length);
    };
    showKey(key, quantity, palettes, off, counts, (category) => {
      if (!off.delete(category)) off.add(category);
      this.draw();
    });
  }

  /** The words above the panels. */
  describe() {
    const { analysis, quantity, sizes } = this;
    const { models } = this.ladder.index;
    const named = (/** @type {string} */ slug) => models.find((model) => model.slug === slug)?.name ?? slug;
    const lacking = analysis.members.filter((_, at) => !quantity.shown[at]).map((at) => models[at].name);
    const awaiting = models.length - analysis.members.length - analysis.apart.length;
    const parts = [
      `${sizes.length} of ${counted(models.length, "model")} on one scale: ${quantity.text}`,
      // @ts-ignore: `direction` reads no more of a matrix than is here
      quantity.transform === "whole" ? "" : direction(quantity),
      this.hatched ? hatching(quantity).replace(/^h/, "H") : "",
      sizes.length === MOST ? "The survey shows the others" : "",
      lacking.length ? `Without this quantity: ${lacking.join(", ")}` : "",
      ...analysis.apart.map(([slug, why]) => `Left out: ${named(slug)}, measured with ${why}`),
      awaiting ? `${counted(awaiting, "model")} not yet measured` : "",
      "Click a cell to open it on its model's page",
    ];
    this.part("told").textContent = `${parts.filter(Boolean).join(". ")}.`;
    for (const role of ["notes", "trend-notes"]) {
      this.part(role).replaceChildren(...this.notes().map((note) => made("p", "atlas-note", note)));
    }
    const link = this.part("compare");
    link.hidden = sizes.length < 2 || !hasSection("compare");
    const slugs = sizes.map(({ model }) => model.slug).join(",");
    link.href = `${this.element.dataset.root}compare/?models=${slugs}&analysis=${analysis.name}&matrix=${encodeURIComponent(quantity.name)}`;
  }

  /** The lines across sizes. */
  follow() {
    const { quantity, sizes } = this;
    const options = picks(quantity);
    const pick = options.find(({ label }) => label === this.part("pick").value) ?? options[0];
    const width = Math.min(520, this.element.clientWidth);
    this.charts = charts(sizes, quantity, pick, this.analysis.ladder, (size, at) => this.look(size, at));
    this.part("trends-title").textContent = this.charts.length > 1 ? "Trends across sizes" : "Layer by layer";
    this.part("trends").replaceChildren(...this.charts.map((chart) => drawChart(chart, width)));
  }

  /** @returns {import("../drawing/scene.js").Scene} what the trends show */
  trendScene() {
    const { charts: drawn, analysis, quantity, sizes, element } = this;
    return {
      title: `${quantity.title}: ${element.dataset.name}`,
      caption: [...this.notes(), `Sources: ${sizes.map((size) => source(size, analysis)).join("; ")}.`],
      rows: [drawn.map(panelOf)],
      keys: keysOf(drawn),
    };
  }

  /**
   * Name and colour of a size: colours grow with it and have contrast to the page.
   * @param {import("./sizes.js").Size} size
   * @param {number} at place on the ladder
   * @returns {import("./trends.js").Look}
   */
  look({ model }, at) {
    const palette = this.palettes.sequential;
    const share = this.sizes.length > 1 ? at / (this.sizes.length - 1) : 0.5;
    const shade = ([from, to] = LIGHT) => palette[Math.round((from + (to - from) * share) * (palette.length - 1))];
    const isDark = document.body.dataset.mdColorScheme === "slate";
    return { name: `${model.name}${this.mark(model)}`, colour: shade(isDark ? DARK : LIGHT), paper: shade() };
  }

  recolour() {
    if (this.sizes.length) this.follow();
  }

  dispose() {
    this.gone.abort();
    this.panels.dispose();
  }
}
