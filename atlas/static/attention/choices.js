/**
 * What a reader can choose about the points: two scores as axes, one as colour, and their ranges.
 */

import { labelled, made, select } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/**
 * @param {Matrix[]} scores two or more
 * @returns {{x: HTMLSelectElement, y: HTMLSelectElement, shade: HTMLSelectElement, own: HTMLInputElement, controls: HTMLElement}}
 */
export function choices(scores) {
  const controls = made("div", "atlas-controls");
  const [x, y, shade] = first(scores).map((matrix, at) => {
    const choice = select(scores.map(({ title, name }) => [name, title]));
    choice.value = matrix.name;
    controls.append(labelled(["Across", "Up", "Colour"][at], choice));
    return choice;
  });
  const [label, own] = [made("label", "atlas-check"), made("input")];
  own.type = "checkbox";
  own.autocomplete = "off";
  label.append(own, " ", made("span", "", "Each score over its own range"));
  controls.append(label);
  return { x, y, shade, own, controls };
}

/**
 * What is shown first: the parts of an induction circuit, where they exist.
 * @param {Matrix[]} scores
 * @returns {Matrix[]} across, up, colour
 */
function first(scores) {
  const named = (/** @type {string} */ name) => scores.find((matrix) => matrix.name === name);
  const [x, y, shade] = [named("previous"), named("induction"), named("sink")];
  return x && y && shade ? [x, y, shade] : [scores[0], scores[1], scores[scores.length - 1]];
}
