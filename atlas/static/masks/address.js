/**
 * What a reader has chosen on the block masks, in the page's address beside the pinned cell.
 */

/**
 * @typedef {object} Choice
 * @property {number | null} sparsity share of blocks that is pruned; null for the measured one
 * @property {boolean} numbered topics stand by number
 * @property {boolean} learned learned masks are shown
 */

/** @returns {Choice} */
export function chosen() {
  const said = new URLSearchParams(location.search);
  const sparsity = Number(said.get("sparsity") ?? NaN);
  return {
    sparsity: sparsity >= 0 && sparsity <= 1 ? sparsity : null,
    numbered: said.get("topics") === "number",
    learned: said.get("masks") === "learned",
  };
}

/** @param {Choice} choice */
export function remember({ sparsity, numbered, learned }) {
  const url = new URL(location.href);
  const set = (/** @type {string} */ key, /** @type {string} */ value) =>
    value ? url.searchParams.set(key, value) : url.searchParams.delete(key);
  set("sparsity", sparsity === null ? "" : String(sparsity));
  set("topics", numbered ? "number" : "");
  set("masks", learned ? "learned" : "");
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}
