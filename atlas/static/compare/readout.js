/**
 * The readout: one table with the values of all models at the cell that is pointed at.
 */

import { cellText, contrastText, errorsText, layerText, where } from "./words.js";
import { hasRatio } from "../matrix/contrast.js";
import { isWhole, plusMinus } from "../matrix/numbers.js";
import { isUnsure } from "./unsure.js";
import { Tooltip } from "../panels/tooltip.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Group} Group */

export class Readout {
  /** @param {HTMLElement} host what it lies in */
  constructor(host) {
    this.host = host;
    this.tip = new Tooltip(host);
    this.tip.element.classList.add("atlas-readout");
    this.place = made("strong");
    this.table = made("table", "atlas-values");
    this.note = made("small");
    this.tip.element.append(this.place, this.table, this.note);
    /** @type {Group | undefined} */
    this.group = undefined;
    /** @type {HTMLElement[][]} */
    this.cells = [];
  }

  /**
   * Make a row for each model; only when the models or their columns change.
   * @param {Group} group
   */
  prepare(group) {
    if (this.group === group) return;
    this.group = group;
    const columns = [...(group.deep ? [""] : []), "", ...this.columns(group)];
    const head = made("thead");
    const row = head.insertRow();
    row.append(made("th"), ...columns.map((name) => made("th", "", name)));
    const body = made("tbody");
    this.cells = group.models.map((model) => {
      const line = body.insertRow();
      line.append(made("th", "", model.name));
      return columns.map(() => line.insertCell());
    });
    this.table.replaceChildren(...(this.columns(group).length ? [head] : []), body);
    this.table.dataset.deep = String(group.deep);
  }

  /**
   * @param {Group} group
   * @returns {string[]} what is said beside the value
   */
  columns(group) {
    const [base, ...others] = group.models;
    if (isWhole(base.matrix) || !others.some((model) => !model.obstacles.length)) return [];
    return hasRatio(base.matrix) ? ["difference", "ratio"] : ["difference"];
  }

  /**
   * @param {Group} group
   * @param {[number, number]} cell row and column of the group's grid
   * @param {boolean} pinned
   */
  show(group, [row, column], pinned) {
    this.prepare(group);
    this.place.textContent = where(group, row, column);
    this.cells.forEach((cells, model) => {
      const texts = [...(group.deep ? [layerText(group, model, row, column)] : [])];
      texts.push(cellText(group, model, row, column), ...this.contrasts(group, model, row, column));
      cells.forEach((cell, at) => {
        if (cell.textContent !== (texts[at] ?? "")) cell.textContent = texts[at] ?? "";
      });
    });
    const told = [errorsText(group), this.unsure(group, row, column), pinned ? "pinned; click again to unpin" : ""];
    this.note.textContent = told.filter(Boolean).join("; ");
    this.tip.show();
  }

  /**
   * @param {Group} group
   * @param {number} model
   * @param {number} row
   * @param {number} column
   * @returns {string[]}
   */
  contrasts(group, model, row, column) {
    const columns = this.columns(group);
    if (!model || !columns.length) return [];
    if (group.models[model].obstacles.length) return ["not subtracted"];
    const [base, value] = [group.values[0][row][column], group.values[model][row][column]];
    if (base === null || value === null) return [];
    const error = group.errors[model]?.values[row][column] ?? null;
    const difference = `${contrastText(value - base, "difference")}${error === null ? "" : ` ${plusMinus(error)}`}`;
    if (columns.length === 1 || !(base > 0 && value > 0)) return [difference];
    return [difference, contrastText(value / base, "ratio")];
  }

  /**
   * The models that cannot be told from the baseline, in words.
   * @param {Group} group
   * @param {number} row
   * @param {number} column
   */
  unsure(group, row, column) {
    const found = group.models.filter((_, at) => isUnsure(group, at, row, column));
    return found.length ? `within twice the error: ${found.map(({ name }) => name).join(", ")}` : "";
  }

  /**
   * Beside a point of the page, inside the host.
   * @param {number} x of the pointer or the cell, in the window
   * @param {number} y
   */
  settle(x, y) {
    const box = this.host.getBoundingClientRect();
    const { width, height } = this.tip;
    const right = x - box.left + 18;
    const above = y - 14 - height;
    this.tip.put(right + width <= box.width ? right : right - 36 - width, (above > 60 ? above : y + 18) - box.top);
  }

  /**
   * The cell as it is read aloud.
   * @param {Group} group
   * @param {[number, number]} cell
   */
  say(group, [row, column]) {
    const values = group.models.map((model, at) => {
      const [difference] = this.contrasts(group, at, row, column);
      const layer = group.deep ? `${layerText(group, at, row, column)}, ` : "";
      return `${model.name}: ${layer}${cellText(group, at, row, column)}${difference ? `, ${difference}` : ""}`;
    });
    const unsure = this.unsure(group, row, column);
    this.tip.say(`${where(group, row, column)}. ${values.join("; ")}${unsure && `; ${unsure}`}.`);
  }

  hide() {
    this.tip.hide();
  }

  dispose() {
    this.tip.dispose();
  }
}
