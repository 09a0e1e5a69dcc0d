/**
 * What a reader has chosen on the block masks, in the page's address beside the pinned cell.
 */

import { amend, said } from "../shell/address.js";

/**
 * @typedef {object} Choice
 * @property {number | null} sparsity share of blocks that is pruned; null for the measured one
 * @property {boolean} numbered topics stand by number
 * @property {boolean} learned learned masks are shown
 */

/** @returns {Choice} */
export function chosen() {
  const asked = said();
  const sparsity = Number(asked.get("sparsity") ?? NaN);
  return {
    sparsity: sparsity >= 0 && sparsity <= 1 ? sparsity : null,
    numbered: asked.get("topics") === "number",
    learned: asked.get("masks") === "learned",
  };
}

/** @param {Choice} choice */
export function remember({ sparsity, numbered, learned }) {
  const values = {
    sparsity: sparsity === null ? undefined : String(sparsity),
    topics: numbered ? "number" : undefined,
    masks: learned ? "learned" : undefined,
  };
  amend(values, true);
}
