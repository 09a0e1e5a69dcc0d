/**
 * What the colours of a sheet mean: a colour bar or the categories, and the words below.
 */

import { scaleText, unsureKey } from "./words.js";
import { apart } from "../matrix/labels.js";
import { made } from "../shell/dom.js";

/** @typedef {import("./scene.js").Sheet} Sheet */

/**
 * @param {Sheet} sheet
 * @param {Record<string, string[]>} palettes
 * @returns {string[]}
 */
export function paletteOf({ kind, labels }, palettes) {
  const palette = palettes[kind];
  return kind === "categorical" ? labels.map((_, at) => palette[at % palette.length]) : palette;
}

/**
 * Why cells of a sheet have no colour; empty where all have one.
 * @param {Sheet} sheet
 */
export function hatchText({ view, frames, shown }) {
  const isEmpty = frames.some(({ rows, columns, turned }, index) => {
    const [down, across] = turned ? [columns, rows] : [rows, columns];
    return down.places.some((row) => across.places.some((column) => shown[index][row][column] === null));
  });
  if (!isEmpty) return "";
  return view === "values" ? "no such value in this model" : "no value in one of the two models";
}

/**
 * @param {Sheet} sheet
 * @param {{key: HTMLElement, text: HTMLElement}} home
 * @param {string[]} palette
 */
export function showKey(sheet, { key, text }, palette) {
  const { coloured, labels } = sheet;
  /** @type {(string | Node)[][]} */
  const parts = [];
  if (!labels.length) parts.push([scaleText(sheet)]);
  const [hatch, unsure] = [hatchText(sheet), unsureKey(sheet)];
  if (hatch) parts.push([made("i", "atlas-hatch"), ` ${hatch}`]);
  if (unsure) parts.push([made("i", "atlas-dot"), ` ${unsure}`]);
  text.replaceChildren(...parts.flatMap((part, at) => (at ? ["; ", ...part] : part)));
  text.hidden = !parts.length;
  if (labels.length) return key.replaceChildren(classList(labels, palette));
  key.replaceChildren(strip(palette), ...apart(coloured.ticks, 0.13).map(({ at, label }) => {
    const tick = made("span", "", label);
    tick.style.left = `${at * 100}%`;
    return tick;
  }));
}

/** @param {string[]} palette */
function strip(palette) {
  const bar = made("i");
  const stops = Array.from({ length: 17 }, (_, at) => palette[Math.round((at / 16) * (palette.length - 1))]);
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  return bar;
}

/**
 * @param {string[]} labels
 * @param {string[]} palette
 */
function classList(labels, palette) {
  const list = made("ul", "atlas-legend");
  list.append(...labels.map((label, at) => {
    const item = made("li");
    item.append(swatch(palette[at]), label);
    return item;
  }));
  return list;
}

/**
 * @param {string} colour
 * @returns {HTMLElement}
 */
export function swatch(colour) {
  const mark = made("i");
  mark.style.background = colour;
  return mark;
}
