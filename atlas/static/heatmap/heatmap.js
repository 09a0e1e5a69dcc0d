/**
 * One heatmap of a page: its preview becomes a live figure on first use, whose data change with what
 * the reader chooses.
 */

import { axes, showWords, showClasses, fillControls } from "./controls.js";
import { Cursor } from "./cursor.js";
import { embed, loadTemplate, update } from "../shell/bokeh.js";
import { fillPicker, buildControls } from "./build-controls.js";
import { add, align, box, colours, shownAttributes, makeRoom, layout, whenDrawn, shades } from "./layout.js";
import { arranged, isHeads, joined, upright } from "../matrix/column-order.js";
import { cited, isInAddress, showAddressed, writeShown } from "./address.js";
import { exportLine } from "../drawing/exporting.js";
import { summary } from "../matrix/sentences.js";
import { withSpread } from "../matrix/chance.js";
import { whenBackOrForward } from "../shell/address.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";
import { tellFailure } from "../shell/lazy.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {import("../matrix/column-order.js").Order} Order */
/** @typedef {import("../shell/bokeh.js").Live} Live */

export class Heatmap {
  /** @param {HTMLElement} element the `figure` of the page */
  constructor(element) {
    /** @type {HTMLElement} */
    this.element = element;
    this.stage = /** @type {HTMLElement} */ (element.querySelector(".atlas-stage"));
    this.frame = /** @type {HTMLElement} */ (element.querySelector(".atlas-frame"));
    /** @type {Map<string, any>} */
    this.parts = new Map();
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    /** @type {Live | undefined} */
    this.live = undefined;
    /** @type {Map<string, Matrix>} */
    this.matrices = new Map();
    /** @type {Record<string, string[]>} */
    this.palettes = {};
    /** Classes of a discrete matrix that are switched off. @type {Set<number>} */
    this.off = new Set();
    /** Orders that the reader has chosen, by axes. @type {Map<string, Order>} */
    this.ordered = new Map();
    /** @type {{of: Matrix, order: Order, first: Matrix | undefined, arranged: Matrix, drawn: Matrix} | undefined} */
    this.sorted = undefined;
    this.gone = new AbortController();
    const line = exportLine(() => this.exported(), this.gone.signal, () => this.start().then(() => cited(this)));
    buildControls(element, line);
    this.layer = made("div", "atlas-live");
    this.stage.append(this.layer);
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.stage.setAttribute("aria-label", "Heatmap. Arrow keys read it cell by cell, Enter pins a cell.");
    this.cursor = new Cursor(this);
    this.listen();
    this.element.dataset.ready = "mounted";
    if (isInAddress(this)) this.wake(() => showAddressed(this));
  }

  /**
   * @param {string} role
   * @returns {any} the part of the figure that plays a role
   */
  part(role) {
    if (!this.parts.has(role)) this.parts.set(role, this.element.querySelector(`[data-role="${role}"]`));
    return this.parts.get(role);
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {any} */ act) =>
      target.addEventListener(type, act, { signal: this.gone.signal });
    for (const type of ["pointerenter", "pointerdown", "focusin"]) {
      on(this.element, type, () => this.wake());
    }
    on(this.part("matrix"), "change", () => this.wake(() => this.swap()));
    on(this.part("order"), "change", () => this.wake(() => this.keepOrder()));
    for (const role of ["scale", "order", "native", "depth", "beside"]) {
      on(this.part(role), "change", () => this.wake(() => this.choose()));
    }
    on(this.part("zoom"), "click", () => this.toggleZoom());
    on(this.part("table"), "toggle", () => this.wake(() => this.fillTable()));
    for (const role of ["reading", "origin"]) on(this.part(role), "toggle", () => void this.unfold(role));
    whenBackOrForward(() => void showAddressed(this).catch(() => undefined), this.gone.signal);
    this.cursor.listen(on);
  }

  /** Load what is needed and draw, once. */
  start() {
    this.starting ??= this.load().catch((error) => {
      this.element.dataset.ready = "failed";
      this.part("summary").textContent = `The figure could not be drawn: ${error.message}.`;
      throw error;
    });
    return this.starting;
  }

  /**
   * Draw what is not drawn yet, then act unless the page was left meanwhile; where it cannot be drawn,
   * the page says so by now.
   * @param {() => unknown} [act]
   */
  wake(act = () => undefined) {
    void this.start().then(() => this.gone.signal.aborted || act(), () => undefined);
  }

  async load() {
    const source = new URL(String(this.element.dataset.src), document.baseURI);
    const [template, profile] = await Promise.all([loadTemplate(), fetchJson(source).then(withSpread)]);
    if (this.gone.signal.aborted) return;
    this.profile = profile;
    this.palettes = template.palettes;
    for (const matrix of profile.matrices) this.matrices.set(matrix.name, matrix);
    fillPicker(this.element, this.part("matrix"), profile.matrices);
    fillControls(this);
    showClasses(this);
    const { filling, image, text } = shownAttributes(this);
    this.part("scale-text").textContent = text;
    for (const [name, attributes] of colours(this.element)) add(filling, name, attributes);
    const live = await embed(this.layer, filling, image);
    if (this.gone.signal.aborted) return live.dispose();
    this.live = live;
    await whenDrawn(this);
    this.watch();
    this.cursor.show();
    void this.print().catch(() => undefined); // what is chosen meanwhile does not wait for paper
    this.element.dataset.ready = "live";
  }

  /** Have what it shows drawn on paper. */
  async print() {
    const { printable } = await import("../drawing/printing.js");
    const { scene } = await import("./scene.js");
    printable(this.stage, () => ({ ...scene(this), title: "" }), this.gone.signal);
  }

  /** What it shows, for files. */
  async exported() {
    const [{ exported }] = await Promise.all([import("./scene.js"), this.start()]);
    return exported(this);
  }

  /** Follow the size of the frame, and the zoom. */
  watch() {
    this.sized = new ResizeObserver(() => this.fit());
    this.sized.observe(this.frame);
    for (const name of ["x_range", "y_range"]) {
      this.live?.models.get(name).change.connect(() => this.cursor.show());
    }
    this.part("zoom").disabled = false;
  }

  fit() {
    if (!this.live) return;
    update(this.live, layout(this));
    requestAnimationFrame(() => align(this));
  }

  /** The matrix that the picker names, as its file has it. */
  get matrix() {
    return /** @type {Matrix} */ (this.matrices.get(this.part("matrix").value));
  }

  /** @returns {Order} */
  get order() {
    return this.part("order").value;
  }

  /** The order stays for matrices of the same axes. */
  keepOrder() {
    this.ordered.set(axes(this.matrix), this.order);
  }

  /** The column of another matrix that may stand first. @returns {Matrix | undefined} */
  get beside() {
    return this.matrices.get(String(this.element.dataset.beside));
  }

  /** Whether rows are shown as columns. */
  get turned() {
    return isHeads(this.matrix);
  }

  /** The matrix in the order that the reader has chosen, after the column that stands first. */
  get arranged() {
    return this.sort().arranged;
  }

  /** The same as it is drawn: layers of heads across. */
  get shown() {
    return this.sort().drawn;
  }

  sort() {
    const { matrix, order, sorted } = this;
    const first = this.part("beside").checked ? this.beside : undefined;
    if (sorted?.of === matrix && sorted.order === order && sorted.first === first) return sorted;
    const found = joined(arranged(matrix, order), first);
    this.sorted = { of: matrix, order, first, arranged: found, drawn: upright(found) };
    return this.sorted;
  }

  get summary() {
    return summary(this.matrix);
  }

  /** Whether columns have the names of the model's own code. @returns {boolean} */
  get native() {
    return this.part("native").checked;
  }

  /** Whether layers are labelled by relative depth. @returns {boolean} */
  get deep() {
    return this.part("depth").checked;
  }

  /** How the page lays the matrix out. */
  get box() {
    return box(this.element, this.part("matrix"));
  }

  /** The colours of the matrix. */
  get palette() {
    const palette = this.palettes[this.matrix.kind];
    if (this.matrix.kind !== "categorical") return palette;
    return (this.matrix.categories ?? []).map((_, at) => palette[at % palette.length]);
  }

  /** What is in sight, in cells: left to right, top to bottom. @returns {import("../panels/marks.js").Ranges} */
  ranges() {
    const [x, y] = ["x_range", "y_range"].map((name) => this.live?.models.get(name));
    return { x: [x.start, x.end], y: [y.end, y.start] };
  }

  /** Another matrix on the same figure. */
  swap() {
    fillControls(this);
    if (!this.cursor.pinnedCell()) this.cursor.pinned = null; // it has no such cell
    this.show();
    writeShown(this, true);
  }

  /** Show the matrix that is chosen now, with all words about it. */
  show() {
    this.off.clear();
    makeRoom(this);
    this.paint(); // before the words change: it measures, and the browser would lay out twice
    showWords(this);
    showClasses(this);
    if (this.part("table").open) void this.fillTable();
    if (this.part("reading").open) void this.unfold("reading");
  }

  /** Another scale or order, other names. */
  choose() {
    this.paint();
    writeShown(this, true);
    if (this.part("table").open) void this.fillTable();
  }

  paint() {
    if (!this.live) return;
    const { filling, image, text } = shownAttributes(this);
    this.part("scale-text").textContent = text;
    this.cursor.cell = null; // it may lie outside of another matrix
    update(this.live, filling, image);
    this.cursor.cell = this.cursor.pinnedCell();
    this.cursor.show();
    requestAnimationFrame(() => align(this));
  }

  /** The page has changed between light and dark. */
  recolour() {
    if (!this.live) return;
    const filling = colours(this.element);
    add(filling, "mapper", { palette: shades(this) });
    update(this.live, filling);
  }

  toggleZoom() {
    const zoom = this.live?.models.get("zoom");
    if (!zoom) return;
    zoom.active = !zoom.active;
    this.part("zoom").setAttribute("aria-pressed", String(zoom.active));
    this.element.classList.toggle("atlas-zooming", zoom.active);
    if (!zoom.active) this.paint();
  }

  /** The data table of what is shown, where it is open. */
  fillTable() {
    return this.fold("table", ({ fillTable }) => fillTable(this));
  }

  /** @param {string} role of a folded part that was opened: reading or origin */
  unfold(role) {
    return this.fold(role, ({ unfold }) => unfold(this, role));
  }

  /**
   * Fill a folded part, or say in it why it stays empty.
   * @param {string} role
   * @param {(parts: typeof import("./folded-parts.js")) => Promise<void>} fill
   */
  async fold(role, fill) {
    const details = this.part(role);
    details.querySelector(":scope > [role=alert]")?.remove();
    try {
      await fill(await import("./folded-parts.js"));
    } catch (error) {
      tellFailure(details, "This part could not be filled", error);
    }
  }

  /** Stop listening and remove what was added. */
  dispose() {
    this.gone.abort();
    this.cursor.dispose();
    this.sized?.disconnect();
    this.live?.dispose();
    this.live = undefined;
  }
}
