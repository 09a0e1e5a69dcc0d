/**
 * What the page of heads shows, in its address: so that a link and the back button lead to it.
 */

import { amend, readable, said } from "../shell/address.js";

/** @typedef {import("./filter.js").State} State */

/** Fields of the page with a name of their own. */
export const FIELDS = /** @type {const} */ (["score", "from", "to", "category", "relation", "model", "depth", "across", "colour"]);

/**
 * @typedef {object} Offers what can be asked for
 * @property {Record<string, string>} first what a field begins with
 * @property {string[]} columns shown at first
 * @property {(name: string, value: string) => boolean} has whether a field offers a value
 * @property {(id: string) => boolean} scored whether there is such a score
 */

/**
 * @param {Offers} offers
 * @returns {State} what the address asks for, as far as the page offers it
 */
export function read({ first, columns, has, scored }) {
  const asked = said();
  const state = /** @type {any} */ ({});
  for (const name of FIELDS) {
    const value = asked.get(name);
    state[name] = value !== null && has(name, value) ? value : first[name];
  }
  const sort = asked.get("sort") ?? "";
  state.sort = scored(sort.replace(/^-/, "")) ? sort : "";
  const listed = asked.get("columns");
  state.columns = listed === null ? columns : [...new Set(listed.split(","))].filter(scored);
  state.page = /^[1-9]\d{0,5}$/.test(asked.get("page") ?? "") ? Number(asked.get("page")) : 1;
  state.head = asked.get("head") ?? "";
  return state;
}

/**
 * Put what is shown into the address; what a page begins with is left out, what others wrote stays.
 * @param {State} state
 * @param {Offers} offers
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 */
export function write(state, { first, columns }, again) {
  /** @type {Record<string, string>} */
  const values = { ...state, columns: state.columns.join(), page: String(state.page) };
  /** @type {Record<string, string>} */
  const plain = { ...first, sort: "", columns: columns.join(), page: "1", head: "" };
  const told = Object.entries(values).map(([name, value]) => [name, value === plain[name] ? undefined : value]);
  amend(Object.fromEntries(told), again, readable);
}
