/**
 * What the page of heads shows, in its address: so that a link and the back button lead to it.
 */

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
 * @param {string} query
 * @param {Offers} offers
 * @returns {State} what an address asks for, as far as the page offers it
 */
export function read(query, { first, columns, has, scored }) {
  const asked = new URLSearchParams(query);
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
  const url = new URL(location.href);
  const set = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ plain) => {
    if (value === plain) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  };
  for (const name of FIELDS) set(name, state[name], first[name]);
  set("sort", state.sort, "");
  set("columns", state.columns.join(), columns.join());
  set("page", String(state.page), "1");
  set("head", state.head, "");
  // Slashes, colons and commas are harmless in a query, and an address should be readable.
  url.search = url.search.replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%40", "@");
  if (url.href === location.href) return;
  if (again) history.replaceState(history.state, "", url);
  else history.pushState(history.state, "", url);
}
