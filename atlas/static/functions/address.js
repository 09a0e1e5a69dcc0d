/**
 * What the functional map shows, in the page's address: `?maps=relations&without=1,2`, so that links and
 * the back button restore it. The head that is open has a key of its own.
 */

import { addressOf, amend, readQuery, unescaped } from "../shell/address.js";

/** What colours mean, the first at the start. */
export const COLOURS = /** @type {const} */ (["categories", "relations"]);

/**
 * @typedef {object} State
 * @property {string} colour what colours mean
 * @property {Set<number>} off numbers of categories that are switched off, from 0 for one category
 */

/** @returns {State} what the address asks for, as far as there is such a thing */
export function read() {
  const asked = readQuery();
  const off = (asked.get("without") ?? "").split(",").filter((one) => /^[1-4]$/.test(one));
  return {
    colour: COLOURS.find((one) => one === asked.get("maps")) ?? COLOURS[0],
    off: new Set(off.map((one) => Number(one) - 1)),
  };
}

/** @param {State} state */
export function write(state) {
  amend(valuesOf(state), false, unescaped);
}

/** The address of the figure and what it shows. @param {State} state */
export function shownAddress(state) {
  return addressOf(valuesOf(state), "functions");
}

/**
 * @param {State} state
 * @returns {Record<string, string | undefined>}
 */
function valuesOf({ colour, off }) {
  const without = [...off].sort().map((one) => one + 1);
  return { maps: colour === COLOURS[0] ? undefined : colour, without: without.join() || undefined };
}
