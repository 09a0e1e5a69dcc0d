/**
 * The controls of a figure, the words around it, and its legend.
 */

import { classes, direction, isWhole, toldUnit } from "../matrix/numbers.js";
import { fits, hasDepth, openingOrder, orders } from "../matrix/column-order.js";
import { choices } from "../matrix/scales.js";
import { classCounts, hatched } from "../matrix/sentences.js";
import { button, made } from "../shell/dom.js";

/** @typedef {import("./heatmap.js").Heatmap} Heatmap */

/**
 * Offer the scales and orders that fit the matrix. An order stays chosen for all matrices of the same
 * axes; the scale becomes the one that the matrix asks for.
 * @param {Heatmap} heatmap
 */
export function fillControls(heatmap) {
  const { matrix } = heatmap;
  fill(heatmap.part("order"), orders(matrix), heatmap.ordered.get(axes(matrix)) ?? openingOrder(matrix, heatmap.element.dataset.order));
  fill(heatmap.part("scale"), choices(heatmap.shown), "");
  const renamed = matrix.native?.some((name, at) => name !== matrix.columns[at]);
  heatmap.part("native").closest("label").hidden = !renamed;
  heatmap.part("depth").closest("label").hidden = !hasDepth(matrix);
  const { beside } = heatmap;
  heatmap.part("beside").closest("label").hidden = !beside || !fits(matrix, beside);
}

/**
 * The axes of a matrix as a key: what was chosen for modules says nothing about heads.
 * @param {import("../matrix/numbers.js").Matrix} matrix
 */
export function axes(matrix) {
  return matrix.axes.join();
}

/**
 * Show the words around the figure.
 * @param {Heatmap} heatmap
 */
export function showWords(heatmap) {
  const { matrix } = heatmap;
  heatmap.part("title").textContent = matrix.title;
  heatmap.part("unit").textContent = toldUnit(matrix);
  heatmap.part("direction").textContent = direction(matrix);
  heatmap.part("summary").textContent = heatmap.summary;
  const without = hatched(matrix);
  heatmap.part("absent").hidden = !without;
  if (without) heatmap.part("absent").lastChild?.replaceWith(` ${without}`);
}

/**
 * Show the legend of a discrete matrix: a switch for every class.
 * @param {Heatmap} heatmap
 */
export function showClasses(heatmap) {
  const list = heatmap.part("legend");
  list.hidden = !isWhole(heatmap.matrix);
  if (list.hidden) return list.replaceChildren();
  const counts = classCounts(heatmap.matrix);
  list.replaceChildren(...classes(heatmap.matrix).map((label, at) => classSwitch(heatmap, label, at, counts[at].count)));
}

/**
 * @param {Heatmap} heatmap
 * @param {string} label
 * @param {number} at
 * @param {number} count
 */
function classSwitch(heatmap, label, at, count) {
  const [item, one, mark] = [made("li"), button(""), made("i")];
  const cells = made("small", "", String(count));
  one.setAttribute("aria-pressed", "true");
  mark.style.background = heatmap.palette[at];
  cells.title = `in ${count} ${count === 1 ? "cell" : "cells"}`;
  one.append(mark, label, " ", cells);
  one.addEventListener("click", () => {
    const off = heatmap.off.delete(at) || !heatmap.off.add(at);
    one.setAttribute("aria-pressed", String(off));
    heatmap.paint();
  });
  item.append(one);
  return item;
}

/**
 * @param {HTMLSelectElement} select
 * @param {{value: string, label: string}[]} options
 * @param {string} chosen kept where it is still offered, else the first is
 */
function fill(select, options, chosen) {
  const has = [...select.options].map((option) => option.text);
  if (options.map(({ label }) => label).join() !== has.join()) {
    select.replaceChildren(...options.map(({ value, label }) => new Option(label, value)));
  }
  select.selectedIndex = 0;
  if (options.some(({ value }) => value === chosen)) select.value = chosen;
  select.disabled = options.length < 2;
}
