/**
 * What a reader has chosen on the block masks, in the page's address.
 */

import { addressOf, amend, readQuery } from "../shell/address.js";

/**
 * @typedef {object} Choice
 * @property {number | null} sparsity share of blocks that is pruned; null for the measured one
 * @property {boolean} numbered topics stand by number
 * @property {boolean} learned learned masks are shown
 */

/** @returns {Choice} */
export function readChoice() {
  const asked = readQuery();
  const sparsity = Number(asked.get("sparsity") ?? NaN);
  return {
    sparsity: sparsity >= 0 && sparsity <= 1 ? sparsity : null,
    numbered: asked.get("topics") === "number",
    learned: asked.get("masks") === "learned",
  };
}

/** @param {Choice} choice */
export function writeChoice(choice) {
  amend(valuesOf(choice), true);
}

/** The address of the figure with what is chosen in the page's, for links to it and frames. @returns {URL} */
export function chosenAddress() {
  return addressOf({ figure: "masks", ...valuesOf(readChoice()) }, "masks");
}

/**
 * @param {Choice} choice
 * @returns {Record<string, string | undefined>}
 */
function valuesOf({ sparsity, numbered, learned }) {
  return {
    sparsity: sparsity === null ? undefined : String(sparsity),
    topics: numbered ? "number" : undefined,
    masks: learned ? "learned" : undefined,
  };
}
