/**
 * The sheets of a scene on the page: a key to the colours and its panels. They are kept from one scene to
 * the next, so that only data change and no figure is made again.
 */

import { boxOf } from "./boxes.js";
import { countsTable } from "./category-counts.js";
import { paletteOf, showKey } from "./colour-key.js";
import { Crosshair } from "./crosshair.js";
import { laidOut } from "./frames.js";
import { Panel } from "./panel.js";
import { summary } from "./sentences.js";
import { caveats, detail, heading } from "./words.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Sheet} Sheet */
/** @typedef {import("./scene.js").Group} Group */
/** @typedef {{element: HTMLElement, head: HTMLElement, key: HTMLElement, text: HTMLElement, told: HTMLElement, row: HTMLElement, counts: HTMLElement, panels: Panel[], last?: Last}} Laid */
/** @typedef {{frame: string, room: number, count: number, box: import("./boxes.js").Box}} Last how a sheet was laid out */

const GAP = 24;
/** Room on the right of a panel. */
const RIGHT = 8;
/** More panels than these keep their size when one is left out. */
const FEW = 3;
/** Pixels that a panel takes at least, for its title. */
const NARROW = 280;
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
    const counts = made("div", "atlas-scroll");
    told.setAttribute("aria-live", "polite");
    const element = made("section", "atlas-sheet");
    element.append(head, told, key, text, row, counts);
    this.host.insertBefore(element, this.crosshair.readout.tip.element);
    return { element, head, key, text, told, row, counts, panels: [] };
  }

  /**
   * @param {Sheet} sheet
   * @param {Laid} laid
   */
  fillSheet(sheet, laid) {
    const { group, panels, frames } = sheet;
    const palette = paletteOf(sheet, this.palettes);
    const box = this.box(sheet, laid);
    const first = sheet === this.scene?.sheets[0];
    laid.head.textContent = first ? "" : "Not subtracted, shown as measured";
    laid.head.hidden = first;
    laid.told.textContent = summary(sheet);
    laid.counts.replaceChildren(...countsTable(sheet, palette));
    const pane = Math.max(box.left + box.width + RIGHT, Math.min(NARROW, this.host.clientWidth));
    laid.row.style.setProperty("--pane", `${pane}px`);
    showKey(sheet, laid, palette);
    for (const panel of laid.panels.slice(panels.length)) panel.rest();
    const shown = panels.map((at, index) => {
      const panel = (laid.panels[index] ??= this.panel(laid));
      const model = group.models[at];
      const title = heading(sheet, at);
      const told = `${title}: ${model.matrix.title}. ${laid.told.textContent}`;
      const page = `${model.page}#${model.profile.analysis}`;
      const drawn = { frame: frames[index], ...cells(sheet, index), palette, box };
      const warned = caveats(sheet, at);
      panel.prepare({ title, detail: [...detail(sheet, at), ...warned].join(", "), note: warned.join(", "), page, told, ...drawn });
      return panel;
    });
    for (const panel of shown) panel.draw();
  }

  /**
   * The size of a sheet's panels. With one model less they never become smaller, even where all would
   * then fit into one row: a reader who removes a model wants to see the others as they were. The last
   * of two stays as it is, and so do many.
   * @param {Sheet} sheet
   * @param {Laid} laid
   */
  box({ frames }, laid) {
    const [room, before, count] = [this.host.clientWidth, laid.last, frames.length];
    const found = { frame: JSON.stringify(frames[0]), room, count, box: boxOf(frames, room, GAP) };
    const fewer = before?.frame === found.frame && before.room === room && count < before.count;
    const alone = count === 1 && before?.count === 2; // a wider one would be laid out twice
    if (fewer && (alone || count > FEW || found.box.width < before.box.width)) found.box = before.box;
    laid.last = found;
    return found.box;
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
 * Colours and marks of a panel, as it lays its cells out.
 * @param {Sheet} sheet
 * @param {number} index of the panel
 * @returns {{shares: Float32Array, unsure: boolean[][] | null}}
 */
function cells({ frames, shown, coloured, unsure }, index) {
  const [frame, lines, marked] = [frames[index], shown[index], unsure[index]];
  const wide = lines[0].length;
  const before = index * lines.length * wide;
  const shares = laidOut(frame, (row, column) => coloured.shares[before + row * wide + column]);
  return { shares: Float32Array.from(shares.flat()), unsure: marked && laidOut(frame, (row, column) => marked[row][column]) };
}
