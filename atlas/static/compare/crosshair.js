/**
 * The crosshair through all panels of a grid: the cell that is pointed at, by pointer or keyboard, is
 * marked in each of them, its values are shown for all models, and it can be pinned.
 */

import { inFrame, onGrid } from "./frames.js";
import { nextCell } from "../panels/keys.js";
import { Readout } from "./readout.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./scene.js").Group} Group */
/** @typedef {import("../panels/keys.js").Cell} Cell of a group's grid */

export class Crosshair {
  /**
   * @param {HTMLElement} host
   * @param {() => {panel: Panel, group: Group}[]} lines the panels that are shown
   * @param {(cell: [string, string] | null) => void} onPin
   */
  constructor(host, lines, onPin) {
    this.lines = lines;
    this.onPin = onPin;
    this.readout = new Readout(host);
    /** @type {{group: Group, cell: Cell} | null} */
    this.lit = null;
    /** @type {[string, string] | null} labels, which stay when the grid changes */
    this.pinned = null;
    this.gone = new AbortController();
    const { signal } = this.gone;
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.escape(), { signal });
    document.addEventListener("pointerdown", ({ target }) => isElsewhere(host, target) && this.leave(), { signal });
  }

  /**
   * Point at nothing: the panels or their values have changed.
   * @param {[string, string] | null} pinned
   */
  reset(pinned) {
    this.pinned = pinned;
    this.readout.hide();
    this.light(null, null);
  }

  /** @param {Panel} panel */
  attach(panel) {
    const group = () => this.lines().find((one) => one.panel === panel)?.group ?? null;
    const on = (/** @type {string} */ type, /** @type {any} */ act) =>
      panel.stage.addEventListener(type, act, { signal: this.gone.signal });
    on("pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType !== "touch") this.follow(panel, group(), event);
    });
    on("pointerleave", (/** @type {PointerEvent} */ event) => {
      if (event.pointerType === "mouse") this.point(null, null);
    });
    on("click", (/** @type {PointerEvent} */ event) => this.click(panel, group(), event));
    on("focusout", () => this.point(null, null));
    on("keydown", (/** @type {KeyboardEvent} */ event) => this.press(panel, group(), event));
  }

  /**
   * @param {Panel} panel
   * @param {Group | null} group
   * @param {MouseEvent} event
   */
  follow(panel, group, event) {
    const cell = under(panel, event);
    this.point(group, cell);
    if (cell) this.readout.settle(event.clientX, event.clientY);
  }

  /**
   * @param {Panel} panel
   * @param {Group | null} group
   * @param {MouseEvent} event
   */
  click(panel, group, event) {
    const cell = under(panel, event);
    if (!cell || !group) return;
    this.point(group, cell);
    this.readout.settle(event.clientX, event.clientY);
    this.pin(group, cell);
  }

  /**
   * @param {Panel} panel
   * @param {Group | null} group
   * @param {KeyboardEvent} event
   */
  press(panel, group, event) {
    if (!group || event.target !== panel.stage || event.altKey || event.metaKey) return;
    const cell = this.lit?.group === group ? this.lit.cell : this.pinnedCell(group);
    if (cell && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      return this.pin(group, cell);
    }
    const { frame } = /** @type {import("./panel.js").Content} */ (panel.content);
    const next = nextCell(event, inFrame(frame, cell), frame.rows.labels.length, frame.columns.labels.length);
    if (!next) return;
    event.preventDefault();
    const found = onGrid(frame, next);
    this.point(group, found);
    this.beside(panel, found);
    this.readout.say(group, found);
  }

  /**
   * The readout beside a cell of a panel.
   * @param {Panel} panel
   * @param {Cell} cell of the grid
   */
  beside(panel, cell) {
    const { rows, columns } = /** @type {import("./panel.js").Content} */ (panel.content).frame;
    const [row, column] = place(panel, cell) ?? [0, 0];
    const { left, top, width, height } = panel.hit.getBoundingClientRect();
    const x = left + ((column + 0.5) / columns.labels.length) * width;
    this.readout.settle(x, top + ((row + 0.5) / rows.labels.length) * height);
  }

  /**
   * Light a cell in all panels of its grid and show its values; null goes back to the pinned one.
   * @param {Group | null} group
   * @param {Cell | null} cell
   */
  point(group, cell) {
    const { lit } = this;
    if (!cell && !lit) return;
    if (lit && cell && lit.group === group && lit.cell[0] === cell[0] && lit.cell[1] === cell[1]) return;
    this.light(group, cell);
    if (!cell || !group) return this.reveal();
    const pinned = this.pinnedCell(group);
    this.readout.show(group, cell, pinned?.[0] === cell[0] && pinned[1] === cell[1]);
  }

  /**
   * @param {Group | null} group
   * @param {Cell | null} cell
   */
  light(group, cell) {
    this.lit = group && cell ? { group, cell } : null;
    for (const one of this.lines()) {
      const lit = one.group === group ? cell : null;
      one.panel.mark(place(one.panel, lit), place(one.panel, this.pinnedCell(one.group)));
    }
  }

  /** The reader looks elsewhere: nothing is lit, and no readout is in the way. */
  leave() {
    this.light(null, null);
    this.readout.hide();
  }

  /** Show the values of the pinned cell while no other one is pointed at. */
  reveal() {
    const [first] = this.lines();
    const cell = first && this.pinnedCell(first.group);
    if (!cell) return this.readout.hide();
    const having = this.lines().find(({ panel, group }) => group === first.group && place(panel, cell)) ?? first;
    this.readout.show(first.group, cell, true);
    this.beside(having.panel, cell);
  }

  /**
   * @param {Group} group
   * @returns {Cell | null} where the pinned cell stands on its grid
   */
  pinnedCell({ grid }) {
    if (!this.pinned) return null;
    const at = [grid.rows.labels.indexOf(this.pinned[0]), grid.columns.labels.indexOf(this.pinned[1])];
    return at[0] < 0 || at[1] < 0 ? null : [at[0], at[1]];
  }

  /**
   * Pin a cell, or unpin it.
   * @param {Group} group
   * @param {Cell} cell
   */
  pin(group, cell) {
    const held = this.pinnedCell(group);
    const again = held?.[0] === cell[0] && held[1] === cell[1];
    this.pinned = again ? null : [group.grid.rows.labels[cell[0]], group.grid.columns.labels[cell[1]]];
    this.light(group, cell);
    this.readout.show(group, cell, !again);
    this.onPin(this.pinned);
  }

  escape() {
    if (this.lit) return this.point(null, null);
    if (!this.pinned) return;
    this.pinned = null;
    this.light(null, null);
    this.readout.hide();
    this.onPin(null);
  }

  dispose() {
    this.gone.abort();
    this.readout.dispose();
  }
}

/**
 * The cell under a pointer.
 * @param {Panel} panel
 * @param {MouseEvent} event
 * @returns {Cell | null} of the grid
 */
function under(panel, event) {
  const cell = panel.under(event);
  return cell && panel.content ? onGrid(panel.content.frame, cell) : null;
}

/**
 * @param {Panel} panel
 * @param {Cell | null} cell of the grid
 * @returns {Cell | null} of the panel; null where it has none
 */
function place(panel, cell) {
  return panel.content ? inFrame(panel.content.frame, cell) : null;
}

/**
 * Whether something is neither in a panel nor in the readout.
 * @param {HTMLElement} host
 * @param {EventTarget | null} target
 */
function isElsewhere(host, target) {
  return !(target instanceof Element) || !host.contains(target) || !target.closest(".atlas-stage, .atlas-readout");
}
