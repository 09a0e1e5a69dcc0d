/**
 * One heatmap of a page: its preview becomes a live figure on first use, and the picker, the scale
 * and the names change the data of that figure.
 */

import { embed, fetchJson, loadTemplate, update } from "./engine.js";
import { edges, every, labelled, named, numeric, thinned, widest } from "./labels.js";
import { csv, direction } from "./numbers.js";
import { choices, colour } from "./scales.js";
import { table } from "./table.js";
import { settle, told } from "./tip.js";

/** @typedef {import("./numbers.js").Matrix} Matrix */
/** @typedef {import("./engine.js").Live} Live */
/** @typedef {{left: number, right: number, bottom: number, turned: number, width: number, height: number, upright: boolean, lines: boolean}} Box */

export class Heatmap {
  /** @param {HTMLElement} element the `figure` of the page */
  constructor(element) {
    this.element = element;
    this.stage = /** @type {HTMLElement} */ (element.querySelector(".atlas-stage"));
    this.frame = /** @type {HTMLElement} */ (element.querySelector(".atlas-frame"));
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    /** @type {Live | undefined} */
    this.live = undefined;
    /** @type {Map<string, Matrix>} */
    this.matrices = new Map();
    /** @type {Record<string, string[]>} */
    this.palettes = {};
    /** @type {[number, number] | null} */
    this.cell = null;
    this.gone = new AbortController();
    this.prepare();
  }

  /**
   * @param {string} role
   * @returns {any} the part of the figure that plays a role
   */
  part(role) {
    return this.element.querySelector(`[data-role="${role}"]`);
  }

  /** What listens and what shows a cell; everything else waits for the first use. */
  prepare() {
    this.tip = document.createElement("div");
    this.tip.className = "atlas-tip";
    this.tip.hidden = true;
    this.tip.setAttribute("role", "status");
    this.layer = document.createElement("div");
    this.layer.className = "atlas-live";
    this.stage.append(this.layer, this.tip);
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "group");
    this.stage.setAttribute("aria-label", "Heatmap. Arrow keys read it cell by cell.");
    this.listen();
    this.element.dataset.ready = "mounted";
  }

  listen() {
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ type, /** @type {any} */ act) =>
      target.addEventListener(type, act, { signal: this.gone.signal });
    for (const type of ["pointerenter", "pointerdown", "focusin"]) {
      on(this.element, type, () => void this.start());
    }
    on(this.part("matrix"), "change", () => void this.start().then(() => this.swap()));
    on(this.part("scale"), "change", () => this.paint());
    on(this.part("native"), "change", () => this.paint());
    on(this.part("zoom"), "click", () => this.toggleZoom());
    on(this.part("csv"), "click", () => void this.start().then(() => this.download()));
    on(this.part("table"), "toggle", () => void this.start().then(() => this.fillTable()));
    on(this.stage, "keydown", (/** @type {KeyboardEvent} */ event) => this.step(event));
    on(this.stage, "focusout", () => this.point(null));
    on(this.stage, "pointerleave", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") this.point(null); // a finger leaves with every tap
    });
    on(document, "pointerdown", (/** @type {PointerEvent} */ event) => {
      if (!this.stage.contains(/** @type {Node} */ (event.target))) this.point(null);
    });
    on(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") this.point(null);
    });
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

  async load() {
    const source = new URL(String(this.element.dataset.src), document.baseURI);
    const [template, profile] = await Promise.all([loadTemplate(), fetchJson(source)]);
    if (this.gone.signal.aborted) return;
    this.palettes = template.palettes;
    for (const matrix of profile.matrices) this.matrices.set(matrix.name, matrix);
    this.offerScales();
    const { filling, image } = this.drawing();
    for (const [name, attributes] of this.colours()) {
      filling.set(name, { ...attributes, ...filling.get(name) });
    }
    const live = await embed(this.layer, filling, image);
    if (this.gone.signal.aborted) return live.dispose();
    this.live = live;
    this.hear();
    await this.settled();
    this.element.dataset.ready = "live";
  }

  /** Pointer events in data coordinates, and the room that the page gives. */
  hear() {
    const figure = this.live?.models.get("figure");
    figure.document.event_manager.subscribed_models.add(figure);
    const at = (/** @type {{x: number, y: number}} */ event) => this.point(this.hit(event.x, event.y));
    figure.on_event("mousemove", at);
    figure.on_event("tap", at);
    this.sized = new ResizeObserver(() => this.live && update(this.live, this.layout()));
    this.sized.observe(this.frame);
    this.part("zoom").disabled = false;
  }

  /** The matrix that the picker names. */
  get matrix() {
    return /** @type {Matrix} */ (this.matrices.get(this.part("matrix").value));
  }

  /** @returns {Box} how the page lays that matrix out */
  get box() {
    const option = this.part("matrix").selectedOptions[0];
    const [left, right, bottom, turned, width, height, upright, lines] = option.dataset.box
      .split(" ")
      .map(Number);
    return { left, right, bottom, turned, width, height, upright: !!upright, lines: !!lines };
  }

  /** Another matrix on the same figure. */
  swap() {
    this.point(null);
    this.offerScales();
    const { box, stage } = this;
    for (const name of /** @type {const} */ (["left", "right", "bottom", "turned", "width", "height"])) {
      stage.style.setProperty(`--${name}`, `${box[name]}px`);
    }
    this.describe();
    this.paint();
    if (this.part("table").open) this.fillTable();
  }

  offerScales() {
    const scale = this.part("scale");
    const options = choices(this.matrix).map(({ value, label }) => new Option(label, value));
    scale.replaceChildren(...options);
    scale.disabled = options.length < 2;
    const { native, columns } = this.matrix;
    const differs = native?.some((name, at) => name !== columns[at]);
    this.part("native").closest("label").hidden = !differs;
  }

  /** The words around the figure. */
  describe() {
    const { matrix } = this;
    this.part("title").textContent = matrix.title;
    this.part("unit").textContent = matrix.unit;
    this.part("direction").textContent = direction(matrix);
    this.part("summary").textContent = this.part("matrix").selectedOptions[0].dataset.summary;
    this.part("absent").hidden = !matrix.values.flat().includes(null);
    const whole = matrix.kind === "categorical" || matrix.kind === "binary";
    const legend = this.part("legend");
    legend.hidden = !whole;
    const labels = whole ? (matrix.categories ?? ["0", "1"]) : [];
    legend.replaceChildren(...labels.map((label, at) => this.legendItem(label, at)));
  }

  /**
   * @param {string} label
   * @param {number} at
   */
  legendItem(label, at) {
    const item = document.createElement("li");
    const mark = document.createElement("i");
    mark.style.background = this.palette[at];
    item.append(mark, label);
    return item;
  }

  /** The colours of the current matrix. */
  get palette() {
    const palette = this.palettes[this.matrix.kind];
    if (this.matrix.kind !== "categorical") return palette;
    return (this.matrix.categories ?? []).map((_, at) => palette[at % palette.length]);
  }

  paint() {
    if (!this.live) return;
    const { filling, image } = this.drawing();
    this.point(null);
    update(this.live, filling, image);
    update(this.live, this.layout());
  }

  /** What the figure shows now: attributes by model name, and the image. */
  drawing() {
    const { matrix } = this;
    const [height, width] = [matrix.rows.length, matrix.columns.length];
    const { shares, ticks, text } = colour(matrix, this.part("scale").value);
    this.part("scale-text").textContent = text;
    const filling = this.layout();
    const add = (/** @type {string} */ name, /** @type {object} */ attributes) =>
      filling.set(name, { ...filling.get(name), ...attributes });
    add("mapper", { palette: this.palette });
    add("x_range", { start: -0.5, end: width - 0.5, reset_start: -0.5, reset_end: width - 0.5 });
    add("y_range", { start: height - 0.5, end: -0.5, reset_start: height - 0.5, reset_end: -0.5 });
    add("bar", { visible: ticks.length > 0, major_label_overrides: labelled(ticks) });
    const room = this.frame.getBoundingClientRect().height;
    add("bar_ticker", { ticks: thinned(ticks, room).map((tick) => tick.at) });
    add("rows", { axis_label: matrix.axes[0].replaceAll("_", " ") });
    add("columns", { axis_label: matrix.axes[1].replaceAll("_", " ") });
    add("rows", { major_label_overrides: named(matrix.rows) });
    add("columns", { major_label_overrides: named(this.columns) });
    add("figure", {
      html_attributes: {
        role: "img",
        "aria-label": `${matrix.title} of ${this.element.dataset.name}. ${this.part("summary").textContent}`,
      },
    });
    return { filling, image: { width, height, shares } };
  }

  /** What depends on the room there is: sizes, label angles, which labels, lines between cells. */
  layout() {
    const { box, matrix } = this;
    const { width, height } = this.frame.getBoundingClientRect();
    const [rows, columns] = [matrix.rows.length, matrix.columns.length];
    const turned = this.turnLabels(width / columns);
    const lines = box.lines && width / columns >= 6 ? 1 : 0;
    /** @type {Map<string, Record<string, unknown>>} */
    const filling = new Map();
    filling.set("figure", { frame_width: Math.round(width), frame_height: Math.round(height) });
    filling.set("columns", { major_label_orientation: turned ? Math.PI / 4 : 0 });
    filling.set("columns_ticker", { ticks: every(columns, width, turned ? 13 : numeric(matrix.columns) ? 22 : 0) });
    filling.set("rows_ticker", { ticks: every(rows, height, 13) });
    filling.set("columns_lines", { grid_line_width: lines, visible: lines > 0 });
    filling.set("rows_lines", { grid_line_width: lines, visible: lines > 0 });
    filling.set("columns_edges", { ticks: edges(columns) });
    filling.set("rows_edges", { ticks: edges(rows) });
    requestAnimationFrame(() => this.align());
    return filling;
  }

  /** The column labels that the reader has chosen. */
  get columns() {
    return (this.part("native").checked && this.matrix.native) || this.matrix.columns;
  }

  /**
   * Column labels turn where they are wider than a column, and get the room that they need.
   * @param {number} room pixels a column
   * @returns {boolean}
   */
  turnLabels(room) {
    if (numeric(this.columns)) return false;
    const text = widest(this.columns);
    const turned = room < text + 4;
    this.stage.classList.toggle("atlas-upright", !turned);
    const native = this.columns !== this.matrix.columns;
    const below = native ? Math.round(Math.min(110, text * 0.71) + 46) : this.box.turned;
    this.stage.style.setProperty("--turned", `${below}px`);
    return turned;
  }

  /** Bokeh's frame lies exactly where the preview lies, however wide its axis came out. */
  align() {
    const frame = this.live?.view.frame?.bbox;
    if (!frame || this.gone.signal.aborted) return;
    const shift = [this.frame.offsetLeft - frame.left, this.frame.offsetTop - frame.top];
    this.layer.style.transform = `translate(${shift[0]}px, ${shift[1]}px)`;
  }

  /** Resolves when the figure is drawn where it belongs. */
  async settled() {
    for (let tries = 0; tries < 200; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (this.live?.view.has_finished() && this.live.view.frame.bbox.width > 1) break;
    }
    this.align();
  }

  /** Text, lines and cursor in the page's colours. */
  colours() {
    const style = getComputedStyle(this.element);
    const [text, muted, ground, mark] = ["text", "muted", "ground", "mark"].map((name) =>
      style.getPropertyValue(`--atlas-${name}`).trim(),
    );
    const font = style.fontFamily;
    const axis = {
      major_label_text_color: text,
      axis_label_text_color: muted,
      major_label_text_font: font,
      axis_label_text_font: font,
    };
    return new Map(
      Object.entries({
        columns: axis,
        rows: axis,
        columns_lines: { grid_line_color: ground },
        rows_lines: { grid_line_color: ground },
        bar: { major_label_text_color: text, major_label_text_font: font },
        cursor: { line_color: mark },
      }),
    );
  }

  /** The page has changed between light and dark. */
  recolour() {
    if (this.live) update(this.live, this.colours());
  }

  toggleZoom() {
    const zoom = this.live?.models.get("zoom");
    if (!zoom) return;
    zoom.active = !zoom.active;
    this.part("zoom").setAttribute("aria-pressed", String(zoom.active));
    this.element.classList.toggle("atlas-zooming", zoom.active);
    if (!zoom.active) this.paint();
  }

  /**
   * The cell at a point of the data's coordinates.
   * @param {number} x
   * @param {number} y
   * @returns {[number, number] | null} row and column
   */
  hit(x, y) {
    const [row, column] = [Math.round(y), Math.round(x)];
    const inside =
      row >= 0 && column >= 0 && row < this.matrix.rows.length && column < this.matrix.columns.length;
    return inside ? [row, column] : null;
  }

  /** @param {KeyboardEvent} event */
  step(event) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const move = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (!move || event.target !== this.stage || !this.live) return;
    event.preventDefault();
    const [row, column] = this.cell ?? [0, 0];
    const next = this.cell ? [row + move[0], column + move[1]] : [0, 0];
    this.point(this.hit(next[1], next[0]) ?? this.cell);
  }

  /**
   * Mark a cell and tell its value; null for none.
   * @param {[number, number] | null} cell
   */
  point(cell) {
    const same = cell && this.cell && cell[0] === this.cell[0] && cell[1] === this.cell[1];
    if (!this.live || !this.tip || same || cell === this.cell) return;
    this.cell = cell;
    const cursor = this.live.models.get("cursor");
    this.tip.hidden = !cell;
    if (!cell) return void cursor.setv({ visible: false });
    const [row, column] = cell;
    cursor.setv({
      visible: true,
      left: column - 0.5,
      right: column + 0.5,
      top: row - 0.5,
      bottom: row + 0.5,
    });
    this.tip.replaceChildren(...told(this.matrix, row, column));
    const { frame } = this.live.view;
    const [dx, dy] = [this.frame.offsetLeft - frame.bbox.left, this.frame.offsetTop - frame.bbox.top];
    const [left, right] = [column - 0.5, column + 0.5].map((x) => frame.x_scale.compute(x) + dx);
    const middle = frame.y_scale.compute(row) + dy;
    settle(this.tip, { left, right, middle }, this.stage.clientWidth);
  }

  download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(this.matrix)], { type: "text/csv" }));
    link.download = `${this.element.dataset.file}.${this.matrix.name.replaceAll(/[:@]/g, "-")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  fillTable() {
    const details = this.part("table");
    details.querySelector(".atlas-scroll")?.remove();
    if (details.open) details.append(table(this.matrix));
  }

  /** Nothing of this figure stays behind. */
  dispose() {
    this.gone.abort();
    this.sized?.disconnect();
    this.live?.dispose();
    this.live = undefined;
  }
}
