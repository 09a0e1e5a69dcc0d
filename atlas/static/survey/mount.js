/**
 * A survey: small heatmaps of one quantity for all models, filtered and sorted; what is shown is in
 * the address.
 */

import { Bundle, shownAxes } from "./bundle.js";
import { csvOf, pagesOf, sceneOf } from "./scene.js";
import { AXES, sorted, Tile } from "./tiles.js";
import { exportLine } from "../drawing/exporting.js";
import { printable } from "../drawing/printing.js";
import { isHeads } from "../matrix/column-order.js";
import { counted, direction, place } from "../matrix/numbers.js";
import { MISSING, hatching, stepText } from "../matrix/scales.js";
import { cellAt, pixels } from "../panels/canvas.js";
import { barOf, drawBar } from "../panels/colour-bar.js";
import { nextCell } from "../panels/keys.js";
import { showKey } from "../panels/legend.js";
import { Tooltip } from "../panels/tooltip.js";
import { loadTemplate } from "../shell/bokeh.js";
import { amend, readQuery } from "../shell/address.js";
import { hasSection } from "../shell/atlas-told.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./tiles.js").State} State */
/** @typedef {import("./bundle.js").Quantity} Quantity */

const FIELDS = /** @type {const} */ (["matrix", "text", "family", "size", "tag", "sort", "panel"]);

/** Pixels between two panels; a phone shows two small or medium ones in a row. */
const GAP = 20;
/** Panels from this size on are never halved; others not below that one. */
const [LARGE, NARROWEST] = [300, 110];

/**
 * @param {HTMLElement} element
 * @returns {Promise<{dispose: () => void}>}
 */
export default async function mount(element) {
  const url = new URL(String(element.dataset.src), document.baseURI);
  const [bundle, { palettes }] = await Promise.all([Bundle.load(url), loadTemplate()]);
  const survey = new Survey(element, bundle, palettes);
  await survey.swap();
  element.dataset.ready = "live";
  return survey;
}

class Survey {
  /**
   * @param {HTMLElement} element
   * @param {Bundle} bundle
   * @param {Record<string, string[]>} palettes
   */
  constructor(element, bundle, palettes) {
    this.element = element;
    this.bundle = bundle;
    this.palettes = palettes;
    this.gone = new AbortController();
    this.tiles = this.makeTiles();
    /** @type {Tile[]} what is shown, in order */
    this.shown = [];
    this.tip = new Tooltip(element, "status");
    this.choice = made("a", "atlas-survey-compare");
    this.choice.hidden = true;
    const exported = () => ({ scene: sceneOf(this.survey), file: this.file(), csv: () => csvOf(this.survey) });
    this.part("figure").after(exportLine(exported, this.gone.signal));
    printable(this.part("figure"), () => (this.shown.length ? pagesOf(this.survey) : null), this.gone.signal);
    element.append(this.choice);
    /** @type {[Tile, number, number] | null} */
    this.cell = null;
    /** Whether a click opens the cell: a finger's first tap reads it. */
    this.opens = false;
    /** @type {State} */
    this.state = this.read();
    this.listen();
  }

  /**
   * @param {string} role
   * @returns {any}
   */
  part(role) {
    return this.element.querySelector(`[data-role="${role}"]`);
  }

  /** @returns {Tile[]} the models that the page lists, with a canvas each */
  makeTiles() {
    const { models, groups } = this.bundle.index;
    const items = new Map(
      [...this.part("tiles").children].map((item) => [item.dataset.slug, /** @type {HTMLElement} */ (item)]),
    );
    return models.map((model) => {
      const { apart } = groups[model.group];
      const notes = [apart ? `Not to be subtracted from the others: ${apart}` : "", model.state === "stale" ? "Stale: measured with an older version" : ""];
      const item = items.get(model.slug);
      if (!item) throw new Error(`the page does not list ${model.slug}; reload it`);
      return new Tile(item, model, notes.filter(Boolean).join(". "));
    });
  }

  /** What it shows, for files and paper. */
  get survey() {
    const { bundle, quantity, shown, state, palettes } = this;
    return { bundle, quantity, shown, state, palettes };
  }

  /** The name of its files. */
  file() {
    return `survey.${this.bundle.index.analysis}.${this.quantity.name.replaceAll(/[:@]/g, "-")}`;
  }

  /** @returns {Quantity} */
  get quantity() {
    const { matrices } = this.bundle.index;
    return matrices.find(({ name }) => name === this.state.matrix) ?? matrices[0];
  }

  /** @returns {State} what the address asks for, as far as the page offers it */
  read() {
    const asked = readQuery();
    const state = /** @type {any} */ ({ off: new Set() });
    for (const name of FIELDS) {
      const field = this.part(name);
      const before = field.value;
      if (asked.has(name)) field.value = asked.get(name);
      if (field.selectedIndex === -1) field.value = before;
      state[name] = field.value;
    }
    for (const category of (asked.get("off") ?? "").split(",")) {
      if (/^\d+$/.test(category)) state.off.add(Number(category));
    }
    return state;
  }

  /** Put what is shown into the address; what a page begins with is left out. */
  write() {
    /** @type {Record<string, string | undefined>} */
    const values = {};
    for (const name of FIELDS) {
      const field = this.part(name);
      const first = [...(field.options ?? [])].find((option) => option.defaultSelected) ?? field.options?.[0];
      values[name] = this.state[name] === (first?.value ?? "") ? undefined : this.state[name];
    }
    values.off = [...this.state.off].sort((a, b) => a - b).join(",") || undefined;
    amend(values, true);
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {any} */ act) =>
      target.addEventListener(type, act, { signal: this.gone.signal });
    for (const name of FIELDS) {
      on(this.part(name), name === "text" ? "input" : "change", () => this.set(name, this.part(name).value));
    }
    on(this.part("reset"), "click", () => this.reset());
    const list = this.part("tiles");
    on(list, "change", () => this.offerComparison());
    on(list, "pointermove", (/** @type {PointerEvent} */ event) => this.hover(event));
    on(list, "pointerdown", (/** @type {PointerEvent} */ event) => {
      const before = this.cell;
      this.hover(event);
      this.opens = event.pointerType !== "touch" || before?.every((part, at) => part === this.cell?.[at]) === true;
    });
    on(list, "pointerleave", (/** @type {PointerEvent} */ event) => event.pointerType !== "touch" && this.point(null));
    on(list, "focusout", () => this.point(null));
    on(list, "click", (/** @type {MouseEvent} */ event) => this.opens && event.target === this.cell?.[0].canvas && this.visit());
    on(list, "keydown", (/** @type {KeyboardEvent} */ event) => this.step(event));
  }

  /**
   * @param {typeof FIELDS[number]} name
   * @param {string} value
   */
  set(name, value) {
    this.state[name] = value;
    if (name === "matrix") {
      this.state.off.clear();
      void this.swap();
    } else if (name === "panel") this.paint();
    else this.apply();
    this.write();
  }

  reset() {
    for (const name of /** @type {const} */ (["text", "family", "size", "tag"])) {
      this.part(name).value = "";
      this.state[name] = "";
    }
    this.apply();
    this.write();
  }

  /** Another quantity on the same tiles. */
  async swap() {
    const { quantity } = this;
    const maps = await this.bundle.maps(quantity);
    if (quantity !== this.quantity || this.gone.signal.aborted) return;
    const byModel = new Map(maps.map((map) => [map.model, map]));
    this.tiles.forEach((tile, at) => tile.setMap(byModel.get(at), quantity.title));
    for (const option of this.part("sort").options) {
      const fitting = { classes: "whole", mean: "scale", highest: "scale" }[String(option.value)];
      option.hidden = fitting !== undefined && (fitting === "whole") !== (quantity.transform === "whole");
    }
    if (this.part("sort").selectedOptions[0].hidden) this.part("sort").value = this.state.sort = this.part("sort").options[0].value;
    this.paint();
    this.apply();
  }

  paint() {
    this.point(null);
    const colours = pixels(this.quantity, this.palettes, this.state.off);
    const [size, room] = [Number(this.state.panel), this.part("tiles").clientWidth];
    const hasAxes = size >= AXES;
    const rooms = this.lay(size);
    const [before, below] = hasAxes ? rooms : [0, 0];
    const half = Math.floor((room - GAP) / 2) - before;
    const isHalved = half < size && size < LARGE && half >= NARROWEST;
    const fitting = isHalved ? half : Math.min(size, room - before);
    if (fitting < size) this.lay(fitting);
    for (const tile of this.tiles) tile.draw(colours, fitting, below);
    this.element.style.setProperty("--panel", `${fitting + before}px`);
  }

  /**
   * Lay all maps.
   * @param {number} size
   * @returns {[number, number]} the room that labels of rows and columns take in the tile that needs most
   */
  lay(size) {
    const axes = shownAxes(this.quantity);
    const rooms = this.tiles.map((tile) => tile.lay(size, axes));
    return [Math.max(...rooms.map(([before]) => before)), Math.max(...rooms.map(([, below]) => below))];
  }

  /** Show the models that fit, in order. */
  apply() {
    this.point(null);
    const ordered = sorted(this.tiles, this.state);
    const fitting = new Set(ordered.filter((tile) => tile.fits(this.state)));
    for (const tile of ordered) tile.element.hidden = !fitting.has(tile);
    const list = this.part("tiles");
    const moved = ordered.some((tile, at) => list.children[at] !== tile.element);
    if (moved) list.append(...ordered.map((tile) => tile.element));
    this.shown = ordered.filter((tile) => fitting.has(tile));
    this.part("none").hidden = this.shown.length > 0;
    this.describe();
  }

  /** The key, and what is shown in words. */
  describe() {
    const { quantity, shown, tiles } = this;
    const counts = () =>
      quantity.categories.map((_, category) => shown.reduce((sum, tile) => sum + tile.tally()[category], 0));
    if (quantity.transform !== "whole") this.part("key").replaceChildren(drawBar(barOf(quantity, this.palettes, false)));
    else showKey(this.part("key"), quantity, this.palettes, this.state.off, counts, (category) => this.toggle(category));
    const without = tiles.filter((tile) => !tile.map).length;
    const apart = shown.filter((tile) => tile.model.group).length;
    const parts = [
      `${shown.length} of ${counted(tiles.length, "model")}`,
      // @ts-ignore: `direction` reads no more of a matrix than is here
      `Colours: ${quantity.text}${quantity.transform === "whole" ? "" : `. ${direction(quantity)}`}`,
      shown.some((tile) => tile.tally()[MISSING]) ? hatching(quantity).replace(/^h/, "H") : "",
      this.state.off.size ? "Classes that are switched off are hatched too" : "",
      without ? `${without} measured without this quantity` : "",
      quantity.others.length ? `${quantity.others.length} of these: another quantity of the same name` : "",
      apart ? `${apart} measured with another version or protocol, not to be subtracted from the others` : "",
      "Click a cell to open it on its model's page",
    ];
    this.part("told").textContent = `${parts.filter(Boolean).join(". ")}.`;
  }

  /** @param {number} category */
  toggle(category) {
    const { off } = this.state;
    if (!off.delete(category)) off.add(category);
    this.paint();
    if (this.state.sort === "classes") this.apply();
    else this.describe();
    this.write();
  }

  /** The models that are ticked, as a link to their comparison. */
  offerComparison() {
    const chosen = this.tiles.filter((tile) => tile.box.checked).map((tile) => tile.model.slug);
    const { analysis } = this.bundle.index;
    const asked = `models=${chosen.join(",")}&analysis=${analysis}&matrix=${encodeURIComponent(this.quantity.name)}`;
    this.choice.hidden = chosen.length < 2 || !hasSection("compare");
    this.choice.href = `${this.element.dataset.root}compare/?${asked}`;
    this.choice.textContent = `Compare ${chosen.length} models`;
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const tile = this.shown.find((one) => one.canvas === event.target);
    const cell = tile && cellAt(tile.canvas, event);
    this.point(tile && cell ? [tile, cell[0], cell[1]] : null);
  }

  /** @param {KeyboardEvent} event */
  step(event) {
    if (event.key === "Escape") return this.point(null);
    const tile = this.shown.find((one) => one.canvas === event.target);
    if (event.key === "Enter" && tile) return this.visit();
    if (!tile?.map) return;
    const from = this.cell?.[0] === tile ? this.cell : null;
    const next = nextCell(event, from && [from[1], from[2]], tile.map.rows.length, tile.map.columns.length);
    if (!next) return;
    event.preventDefault();
    this.point([tile, ...next]);
  }

  /** Go to the cell in the tooltip, on its model's page, where its exact value is. */
  visit() {
    if (!this.cell?.[0].map) return;
    const [{ model, map }, row, column] = this.cell;
    const { analysis } = this.bundle.index;
    const both = [map?.rows[row] ?? "", map?.columns[column] ?? ""];
    if (isHeads(this.quantity)) both.reverse();
    const labels = { row: both[0], column: both[1] };
    const pin = new URLSearchParams({ figure: analysis, matrix: this.quantity.name, ...labels });
    const { pin: also } = this.element.dataset; // another key by which the page names a cell
    if (also) pin.set(also, `${labels.row}.${labels.column}`);
    location.assign(`${this.element.dataset.root}models/${model.slug}/?${pin}#${analysis}`);
  }

  /**
   * Show a cell in the tooltip; null hides it.
   * @param {[Tile, number, number] | null} cell
   */
  point(cell) {
    const { tip } = this;
    this.cell = cell;
    if (!cell?.[0].map) return tip.hide();
    const [tile, row, column] = cell;
    const { quantity } = this;
    const { rows, columns, steps } = cell[0].map;
    const { value, note } = stepText(quantity, steps[row * columns.length + column]);
    const axes = shownAxes(quantity);
    const both = [place(axes[0], rows[row]), place(axes[1], columns[column])];
    const where = (isHeads(quantity) ? both.reverse() : both).join(", ");
    tip.tell(value, [where, tile.model.name], [note]);
    tip.above(tip.cell(tile.canvas, row, column));
  }

  dispose() {
    this.gone.abort();
    this.tip.dispose();
    this.choice.remove();
  }
}
