/**
 * The words and controls around the sheets: what can be chosen, what differs, what is missing.
 */

import { differingCells } from "./differing-words.js";
import { direction, toldUnit } from "../matrix/numbers.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Chosen} Chosen */
/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {(role: string) => any} Part */

/**
 * Set the controls to what is shown, and offer what fits it.
 * @param {Part} part
 * @param {Chosen[]} chosen
 * @param {Scene} scene
 * @param {Wish} wish
 */
export function fillControls(part, chosen, scene, wish) {
  part("analysis").value = wish.analysis;
  part("matrix").replaceChildren(...quantities(chosen));
  part("matrix").value = wish.matrix;
  part("view").value = scene.view;
  for (const option of part("view").options) {
    const lone = scene.models.length < 2;
    option.disabled = option.value !== "values" && (lone || (option.value === "ratio" && !scene.ratio));
  }
  part("by").value = scene.deep ? wish.by : "layer";
  part("by").disabled = !scene.deep;
  const [first] = scene.sheets;
  part("scale").replaceChildren(...(first?.scales ?? []).map(({ value, label }) => new Option(label, value)));
  part("scale").value = first?.scale ?? "";
  part("scale").disabled = (first?.scales.length ?? 0) < 2;
  part("shared").checked = wish.shared;
  for (const role of ["csv", "svg", "png", "table"]) part(role).hidden = !first;
}

/**
 * The quantities of all chosen models, grouped by what stands before the colon of their names.
 * @param {Chosen[]} chosen
 * @returns {HTMLElement[]}
 */
function quantities(chosen) {
  /** @type {Map<string, {title: string, count: number}>} */
  const found = new Map();
  const measured = chosen.filter(({ profile }) => profile);
  for (const { profile } of measured) {
    for (const { name, title } of profile?.matrices ?? []) {
      const known = found.get(name) ?? { title, count: 0 };
      found.set(name, { ...known, count: known.count + 1 });
    }
  }
  /** @type {Map<string, HTMLElement[]>} */
  const groups = new Map();
  for (const [name, { title, count }] of found) {
    const group = name.includes(":") ? name.slice(0, name.indexOf(":")) : "";
    const tail = count < measured.length ? ` (${count} of ${measured.length} models)` : "";
    groups.set(group, [...(groups.get(group) ?? []), new Option(`${title}${tail}`, name)]);
  }
  return [...groups].flatMap(([label, options]) => {
    if (!label) return options;
    const group = made("optgroup");
    group.setAttribute("label", label);
    group.append(...options);
    return [group];
  });
}

/**
 * Title, notes, and what forbids a subtraction.
 * @param {Part} part
 * @param {Scene} scene
 * @param {Wish} wish
 * @param {string[]} asked what was asked for and is not here
 */
export function showNotes(part, scene, wish, asked) {
  const matrix = scene.models[0]?.matrix;
  part("title").textContent = matrix?.title ?? "";
  part("title").hidden = !matrix;
  part("unit").textContent = matrix ? [toldUnit(matrix), direction(matrix)].filter(Boolean).join(". ") : "";
  const doubts = scene.models.filter(({ doubt }) => doubt).map(({ name, doubt }) => `${name}: ${doubt}`);
  const told = [...asked, ...outdated(scene.models), ...doubts, ...stillNeeded(scene, wish), ...scene.notes];
  part("status").textContent = told.join(" ");
  part("heads").hidden = !matrix?.axes.some((axis) => axis.endsWith("head"));
  const blocked = scene.models.filter((model) => model.obstacles.length);
  const [base] = scene.models;
  const barred = blocked.map((model) => differenceTable(base.name, model.name, model.obstacles));
  part("obstacles").hidden = !barred.length;
  part("obstacles").querySelector("div").replaceChildren(...barred);
  const others = scene.conditions.map(({ model, differs }) => differenceTable(base.name, model.name, differs));
  part("conditions").hidden = !others.length;
  part("conditions").querySelector("div").replaceChildren(...others);
}

/**
 * The models whose profile is stale, in whatever view: side by side, panels say so, too.
 * @param {Scene["models"]} models
 * @returns {string[]}
 */
function outdated(models) {
  const stale = models.filter((model) => model.stale).map(({ name, profile }) => `${name} (version ${profile.version})`);
  return stale.length ? [`Stale, to be measured again: ${stale.join(", ")}.`] : [];
}

/**
 * What is still needed for a comparison.
 * @param {Scene} scene
 * @param {Wish} wish
 * @returns {string[]}
 */
function stillNeeded({ models, lacking, sheets, view }, wish) {
  const told = lacking.map(({ name, profile }) =>
    profile ? `${name} has no such quantity.` : `${name} has no profile of this analysis yet.`,
  );
  if (models.length < 2) told.push(missing(models, lacking));
  else if (!sheets.length) told.push("These models have no row or no column in common.");
  else if (view === "values" && models.slice(1).every((model) => model.obstacles.length)) {
    const refused = wish.view === "values" ? "These" : `There is no ${wish.view} to show; these`;
    told.push(`${refused} values are shown side by side and not subtracted, for the reasons below the figures.`);
  }
  return told;
}

/**
 * What remains to be chosen where fewer than two models can be shown.
 * @param {Scene["models"]} models
 * @param {Scene["lacking"]} lacking
 */
function missing(models, lacking) {
  if (models.length + lacking.length < 2) return "Choose two models or more to compare them.";
  const what = lacking.some(({ profile }) => !profile) ? "analysis" : "quantity";
  return `Choose another ${what}, or another model that has this one.`;
}

/**
 * What differs between two models, a line each.
 * @param {string} first
 * @param {string} second
 * @param {import("../matrix/contrast.js").Differs[]} differs
 */
function differenceTable(first, second, differs) {
  const table = made("table", "atlas-values");
  const head = table.createTHead().insertRow();
  for (const name of ["", first, second]) head.append(made("th", "", name));
  const body = table.createTBody();
  for (const one of differs) body.insertRow().append(...differingCells(one));
  const scroll = made("div", "atlas-scroll");
  scroll.append(table);
  return scroll;
}
