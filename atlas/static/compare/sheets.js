/**
 * The sheets of a scene on the page: a key to the colours and its panels. They are kept from one scene to
 * the next, so that only data change and no figure is made again.
 */

import { Crosshair } from "./crosshair.js";
import { boxOf, Panel } from "./panel.js";
import { heading, summary, unsureKey } from "./words.js";
import { apart } from "../matrix/labels.js";
import { counted, toldUnit } from "../matrix/numbers.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Sheet} Sheet */
/** @typedef {import("./scene.js").Group} Group */
/** @typedef {{element: HTMLElement, head: HTMLElement, key: HTMLElement, text: HTMLElement, told: HTMLElement, row: HTMLElement, panels: Panel[], last?: Last}} Laid */
/** @typedef {{grid: string, room: number, count: number, box: import("./panel.js").Box}} Last how a sheet was laid out */

const GAP = 24;
/** How far out of sight a panel is when it is made live. */
const NEAR = "100px";

export class Sheets {
  /**
   * @param {HTMLElement} host
   * @param {(cell: [string, string] | null) => void} onPin
   */
  constructor(host, onPin) {
    this.host = host;
    /** @type {Laid[]} */
    this.laid = [];
    /** @type {Scene | undefined} */
    this.scene = undefined;
    /** @type {Record<string, string[]>} */
    this.palettes = {};
    this.width = 0;
    this.crosshair = new Crosshair(host, () => this.shown(), onPin);
    /** Callbacks that wait until it is known whether a panel is in sight. @type {Map<Element, (live: Promise<void> | undefined) => void>} */
    this.asked = new Map();
    this.nearby = new IntersectionObserver((entries) => entries.forEach((entry) => this.notice(entry)), {
      rootMargin: NEAR,
    });
    this.sized = new ResizeObserver(() => this.fit());
    this.sized.observe(host);
  }

  /**
   * @param {Scene} scene
   * @param {[string, string] | null} pinned
   * @returns {Promise<void>} when all of it is painted, and what is in sight is live
   */
  async show(scene, pinned) {
    this.scene = scene;
    while (this.laid.length > scene.sheets.length) this.drop(/** @type {Laid} */ (this.laid.pop()));
    scene.sheets.forEach((sheet, at) => this.fillSheet(sheet, (this.laid[at] ??= this.makeSheet())));
    this.crosshair.reset(pinned);
    await Promise.all(this.shown().map(({ panel }) => this.wakeIfInSight(panel)));
    this.crosshair.reveal();
  }

  /**
   * @param {Panel} panel
   * @returns {Promise<void> | undefined} when it is live, or known to be out of sight
   */
  wakeIfInSight(panel) {
    if (panel.live) return undefined;
    return new Promise((resolve) => {
      this.asked.set(panel.stage, resolve);
      this.nearby.unobserve(panel.stage); // observed again, it is reported at once
      this.nearby.observe(panel.stage);
    });
  }

  /** @param {IntersectionObserverEntry} entry */
  notice({ isIntersecting, target }) {
    const panel = this.laid.flatMap(({ panels }) => panels).find(({ stage }) => stage === target);
    const live = isIntersecting ? panel?.wake() : undefined;
    if (live) this.nearby.unobserve(target);
    live?.catch(() => undefined); // a panel that cannot be made live stays painted
    this.asked.get(target)?.(live);
    this.asked.delete(target);
  }

  /** @returns {Laid} */
  makeSheet() {
    const [head, key] = [made("h3", "atlas-sheet-head"), made("div", "atlas-ramp")];
    const [text, told, row] = [made("p", "atlas-scale"), made("p", "atlas-summary"), made("div", "atlas-panes")];
    told.setAttribute("aria-live", "polite");
    const element = made("section", "atlas-sheet");
    element.append(head, told, key, text, row);
    this.host.insertBefore(element, this.crosshair.readout.tip.element);
    return { element, head, key, text, told, row, panels: [] };
  }

  /**
   * @param {Sheet} sheet
   * @param {Laid} laid
   */
  fillSheet(sheet, laid) {
    const { group, panels } = sheet;
    const palette = this.palette(sheet);
    const { grid, deep } = group;
    const box = this.box(sheet, laid);
    const size = grid.rows.labels.length * grid.columns.labels.length;
    const first = sheet === this.scene?.sheets[0];
    laid.head.textContent = first ? "" : "Beside it as it is, not subtracted";
    laid.head.hidden = first;
    laid.told.textContent = summary(sheet);
    this.explain(sheet, laid, palette);
    for (const panel of laid.panels.slice(panels.length)) panel.rest();
    const shown = panels.map((at, index) => {
      const panel = (laid.panels[index] ??= this.panel(laid));
      const model = group.models[at];
      const title = heading(sheet, at);
      const version = `version ${model.profile.version}${model.stale ? ", stale" : ""}`;
      const plain = sheet.view === "values" ? [shape(model), version] : [];
      const detail = [...plain, ...(model.mark ? [model.mark] : [])].join(", ");
      const told = `${title}: ${model.matrix.title}. ${laid.told.textContent}`;
      const shares = sheet.coloured.shares.slice(index * size, (index + 1) * size);
      const page = `${model.page}#${model.profile.analysis}`;
      const unsure = sheet.unsure[index];
      panel.prepare({ title, detail, page, told, grid, deep, shares, unsure, palette, box });
      return panel;
    });
    for (const panel of shown) panel.draw();
  }

  /**
   * The size of a sheet's panels. With one model less they never become smaller, even where all would
   * then fit into one row: a reader who removes a model wants to see the others as they were. The last
   * of two stays as it is.
   * @param {Sheet} sheet
   * @param {Laid} laid
   */
  box({ group: { grid, deep }, panels: { length: count } }, laid) {
    const [room, before] = [this.host.clientWidth, laid.last];
    const key = JSON.stringify([grid.rows.labels, grid.columns.labels, deep]);
    const found = { grid: key, room, count, box: boxOf(grid, deep, room, count, GAP) };
    const fewer = before?.grid === found.grid && before.room === room && count < before.count;
    const alone = count === 1 && before?.count === 2; // a wider one would be laid out twice
    if (fewer && (alone || found.box.width < before.box.width)) found.box = before.box;
    laid.last = found;
    return found.box;
  }

  /**
   * @param {Sheet} sheet
   * @returns {string[]}
   */
  palette({ kind, labels }) {
    const palette = this.palettes[kind];
    return kind === "categorical" ? labels.map((_, at) => palette[at % palette.length]) : palette;
  }

  /**
   * What the colours mean.
   * @param {Sheet} sheet
   * @param {Laid} laid
   * @param {string[]} palette
   */
  explain(sheet, { key, text }, palette) {
    const { group, coloured, labels, view, shown } = sheet;
    const unit = toldUnit(group.models[0].matrix);
    const missing = shown.some((lines) => lines.some((line) => line.includes(null)));
    text.replaceChildren(`${shown.length > 1 ? "One scale for all panels" : "Colour"}: ${coloured.text}${view === "ratio" ? "" : `; ${unit}`}`);
    if (missing) text.append("; ", made("i", "atlas-hatch"), " no value in this model");
    const unsure = unsureKey(sheet);
    if (unsure) text.append("; ", made("i", "atlas-dot"), ` ${unsure}`);
    if (labels.length) return key.replaceChildren(classList(labels, palette));
    const strip = made("i");
    const stops = Array.from({ length: 17 }, (_, at) => palette[Math.round((at / 16) * (palette.length - 1))]);
    strip.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const ticks = apart(coloured.ticks, 0.13).map(({ at, label }) => {
      const tick = made("span", "", label);
      tick.style.left = `${at * 100}%`;
      return tick;
    });
    key.replaceChildren(strip, ...ticks);
  }

  /** @param {Laid} laid */
  panel(laid) {
    const panel = new Panel();
    laid.row.append(panel.element);
    this.crosshair.attach(panel);
    return panel;
  }

  /** @returns {import("./panel.js").Content[][]} what the panels of every sheet show */
  contents() {
    return (this.scene?.sheets ?? []).map(({ panels }, at) =>
      this.laid[at].panels.slice(0, panels.length).map(({ content }) => /** @type {import("./panel.js").Content} */ (content)),
    );
  }

  /** @returns {{panel: Panel, group: Group}[]} the panels that are shown */
  shown() {
    return (this.scene?.sheets ?? []).flatMap(({ group, panels }, at) =>
      (this.laid[at]?.panels ?? []).slice(0, panels.length).map((panel) => ({ panel, group })),
    );
  }

  /** The room has changed. */
  fit() {
    const { scene } = this;
    if (!scene || this.width === this.host.clientWidth) return;
    this.width = this.host.clientWidth;
    scene.sheets.forEach((sheet, at) => this.laid[at] && this.fillSheet(sheet, this.laid[at]));
    const { lit } = this.crosshair;
    this.crosshair.light(lit?.group ?? null, lit?.cell ?? null);
  }

  recolour() {
    for (const { panels } of this.laid) for (const panel of panels) panel.recolour();
  }

  /** @param {Laid} laid */
  drop(laid) {
    for (const panel of laid.panels) panel.dispose();
    laid.element.remove();
  }

  dispose() {
    this.sized.disconnect();
    this.nearby.disconnect();
    for (const laid of this.laid) this.drop(laid);
    this.crosshair.dispose();
  }
}

/**
 * @param {import("./scene.js").Model} model
 * @returns {string} its number of layers, or of rows where it has none
 */
function shape({ matrix }) {
  const side = matrix.axes.indexOf("layer");
  const count = (side === 1 ? matrix.columns : matrix.rows).length;
  return counted(count, matrix.axes[Math.max(0, side)].replaceAll("_", " "));
}

/**
 * @param {string[]} labels
 * @param {string[]} palette
 */
function classList(labels, palette) {
  const list = made("ul", "atlas-legend");
  labels.forEach((label, at) => {
    const item = made("li");
    const mark = made("i");
    mark.style.background = palette[at];
    item.append(mark, label);
    list.append(item);
  });
  return list;
}
