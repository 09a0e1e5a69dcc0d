/**
 * A family's page: its sizes as panels on one scale with one order of modules, and trends across
 * them, from the models' own profiles; what is shown stands in the address.
 */

import { fits, joined } from "../matrix/column-order.js";
import { counted } from "../matrix/numbers.js";
import { hatching } from "../matrix/scales.js";
import { pixels } from "../panels/canvas.js";
import { showKey } from "../panels/legend.js";
import { drawChart } from "../plots/lines.js";
import { amend, readQuery } from "../shell/address.js";
import { loadTemplate } from "../shell/bokeh.js";
import { made } from "../shell/dom.js";
import { FamilyPanels } from "./panels.js";
import { withColumns, Ladder, MOST, picks } from "./sizes.js";
import { charts } from "./trends.js";

/** @typedef {import("./sizes.js").Size} Size */
/** @typedef {import("./sizes.js").Quantity} Quantity */
/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

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
    /** @type {Set<number>} */
    this.off = new Set();
    this.hatched = false;
    this.panels = new FamilyPanels(element, this.part("panels"), (...asked) => this.address(...asked));
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

  /** Show whole blocks first, or not. */
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
    this.part("pick-label").textContent = quantity.transform === "whole" ? "Class" : "Module";
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
    const columns = this.part("order").value === "mean" ? quantity.columns : quantity.block;
    const first = this.part("beside");
    first.closest("label").hidden = !this.sizes.some(({ matrix, beside }) => beside && fits(matrix, beside));
    const shown = this.sizes.map(({ model, matrix, beside }) => {
      const own = columns.length ? withColumns(matrix, columns) : matrix;
      return { model, matrix: first.checked ? joined(own, beside) : own };
    });
    this.hatched = shown.some(({ matrix }) => matrix.values.flat().includes(null));
    const isRelative = this.part("depth").value === "relative";
    this.panels.draw(shown, quantity, pixels(quantity, this.palettes, this.off), isRelative);
    this.explain();
    this.describe();
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

  /** What the colours mean. */
  explain() {
    const { quantity, sizes } = this;
    const counts = () => {
      const values = sizes.flatMap(({ matrix }) => matrix.values.flat());
      return quantity.categories.map((_, category) => values.filter((value) => value === category).length);
    };
    showKey(this.part("key"), quantity, this.palettes, this.off, counts, (category) => {
      if (!this.off.delete(category)) this.off.add(category);
      this.draw();
    });
  }

  /** The words above the panels. */
  describe() {
    const { analysis, quantity, sizes } = this;
    const { models } = this.ladder.index;
    const [rows, columns] = quantity.axes.map((axis) => axis.replaceAll("_", " "));
    const named = (/** @type {string} */ slug) => models.find((model) => model.slug === slug)?.name ?? slug;
    const lacking = analysis.members.filter((_, at) => !quantity.shown[at]).map((at) => models[at].name);
    const awaiting = models.length - analysis.members.length - analysis.apart.length;
    const parts = [
      `${sizes.length} of ${counted(models.length, "model")} on one scale: ${quantity.text}`,
      this.hatched ? hatching(quantity) : "",
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
    this.part("trends").replaceChildren(...shown.map((chart) => drawChart(chart, width)));
  }

  /**
   * @param {number} at place on the ladder
   * @returns {string} a colour that grows with size and has contrast to the page
   */
  shade(at) {
    const palette = this.palettes.sequential;
    const share = this.sizes.length > 1 ? at / (this.sizes.length - 1) : 0.5;
    const [from, to] = document.body.dataset.mdColorScheme === "slate" ? [0.35, 0.97] : [0.12, 0.82];
    return palette[Math.round((from + (to - from) * share) * (palette.length - 1))];
  }

  recolour() {
    if (this.sizes.length) this.follow();
  }

  dispose() {
    this.gone.abort();
    this.panels.dispose();
  }
}
