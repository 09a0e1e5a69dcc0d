/**
 * The functional map as a scene and as CSV: what its panels show now, for files and for paper.
 */

import { shownAddress } from "./address.js";
import { isLined } from "./panel.js";
import { CATEGORIES, named } from "./words.js";
import { across, down } from "../drawing/scene.js";
import { modelName, source } from "../drawing/source.js";
import { field, number } from "../matrix/numbers.js";
import { MISSING } from "../matrix/scales.js";
import { colour } from "../panels/canvas.js";

/** @typedef {import("./maps.js").FunctionalMaps} FunctionalMaps */
/** @typedef {import("./colours.js").Scale} Scale */

const LEAST = 100; // points that a panel takes, at least: narrower paper has fewer of them side by side

/**
 * @param {FunctionalMaps} maps
 * @returns {import("../drawing/scene.js").Exported}
 */
export function exported(maps) {
  const { slug } = maps.profile.model;
  return { scene: scene(maps), file: `${slug}.functions.heads`, csv: () => csv(maps) };
}

/**
 * @param {FunctionalMaps} maps
 * @returns {import("../drawing/citing.js").Cited}
 */
export function cited(maps) {
  return { title: titled(), pinned: [source(maps.profile)], address: shownAddress(maps.state) };
}

function titled() {
  return `Functions of the attention heads of ${modelName()}`;
}

/**
 * @param {FunctionalMaps} maps
 * @returns {import("../drawing/scene.js").Scene}
 */
export function scene(maps) {
  const scale = maps.scale();
  return {
    title: titled(),
    caption: [...caption(maps, scale)],
    rows: [maps.panels.map((shown) => panel(maps, shown, scale))],
    keys: [key(maps, scale)],
  };
}

/**
 * @param {FunctionalMaps} maps
 * @param {import("./panel.js").Shown} shown
 * @param {Scale} scale
 * @returns {import("../drawing/scene.js").Panel}
 */
function panel(maps, shown, scale) {
  const { rows, columns } = maps.axes;
  const palette = maps.palettes[scale.kind];
  const isHidden = (/** @type {number} */ step) => step === MISSING || (scale.transform === "whole" && maps.state.off.has(step));
  return {
    title: shown.title,
    note: shown.note,
    x: across("Layer", columns, maps.labelled[0]),
    y: down("Head", rows, maps.labelled[1]),
    grid: {
      rows: rows.length,
      columns: columns.length,
      colours: Array.from(maps.steps(shown, scale), (step) => (isHidden(step) ? "" : colour(scale, palette, step))),
      lined: isLined(shown.values),
    },
    empty: shown.empty || undefined,
    least: LEAST,
  };
}

/**
 * @param {FunctionalMaps} maps
 * @param {Scale} scale
 * @returns {import("../drawing/scene.js").Key}
 */
function key({ palettes, state }, scale) {
  const palette = palettes[scale.kind];
  const { title, low, high } = scale;
  if (scale.transform === "whole") {
    const all = scale.categories.map((label, at) => ({ label, colour: palette[at] }));
    return { kind: "classes", title, classes: all.filter((_, at) => !state.off.has(at)) };
  }
  const ends = high > low ? [low, high] : [low];
  return { kind: "bar", title, palette, ticks: ends.map((value, at) => ({ at, label: number(value) })) };
}

/**
 * @param {FunctionalMaps} maps
 * @param {Scale} scale
 */
function* caption({ profile, state, element }, scale) {
  const { k, k_copying: copying } = profile.conditions;
  yield scale.transform === "whole"
    ? "Each panel shows the heads that have a relation of its category; colour: the number of the four categories in which a head has one."
    : "Each panel shows the heads that have a relation of its category; colour: how many it has.";
  yield `A head has a relation where its score is above ${profile.protocol.threshold} and the 95% interval of the score is above chance, at k = ${k}, for copying at k = ${copying}.`;
  if (scale.transform === "whole" && state.off.size) yield `Not shown: heads with ${[...state.off].sort().map((at) => scale.categories[at]).join(", ")}.`;
  const unmeasured = element.querySelector(".atlas-unmeasured")?.textContent?.trim();
  if (unmeasured) yield unmeasured;
  yield source(profile);
}

/**
 * A head a line: its categories by name, and its relations by category.
 * @param {FunctionalMaps} maps
 */
function csv(maps) {
  const { rows, columns } = maps.axes;
  const top = ["layer", "head", "number of categories", "categories", "relations", ...CATEGORIES.map((name) => `${name} relations`)];
  const lines = columns.flatMap((layer, at) =>
    rows.map((head, place) => {
      const counts = CATEGORIES.map((name) => maps.counts(name)[at][place] ?? 0);
      const has = CATEGORIES.filter((_, category) => counts[category]).map(named);
      return [layer, head, String(has.length), has.join("; ") || "Unclassified", String(maps.counts("all")[at][place]), ...counts.map(String)];
    }),
  );
  return [top, ...lines].map((line) => `${line.map(field).join(",")}\r\n`).join("");
}
