/**
 * The query of a page's address: what a figure shows, which cell is pinned, which head is open; so that
 * links and the back button restore it.
 */

/**
 * What a figure of a model's page shows, where that is not what it opens with.
 * @typedef {object} View
 * @property {string} figure the analysis
 * @property {string} matrix
 * @property {string} [row] label of the pinned cell
 * @property {string} [column]
 * @property {string} [scale] where it is not the one that the matrix asks for
 * @property {string} [order] where it is not the one that the figure opens with
 * @property {string} [names] "native" for those of the model's own code
 * @property {string} [depth] "1" where layers are told by relative depth
 * @property {string} [beside] "0" without the column of another matrix that stands first
 */
/** @typedef {View & {row: string, column: string}} Pin */

const NEEDED = /** @type {const} */ (["figure", "matrix"]);
const MORE = /** @type {const} */ (["row", "column", "scale", "order", "names", "depth", "beside"]);

/** The keys of a view, all without a value. */
const NO_VIEW = Object.fromEntries([...NEEDED, ...MORE].map((key) => [key, undefined]));

/** The query of the address. */
export function readQuery() {
  return new URLSearchParams(location.search);
}

/**
 * Put a query into the address.
 * @param {string} query with its question mark, or empty
 * @param {boolean} again replaces the current entry of the history instead of adding one
 */
export function writeQuery(query, again) {
  const address = `${location.pathname}${query}${location.hash}`;
  if (query === location.search) return;
  if (again) history.replaceState(history.state, "", address);
  else history.pushState(history.state, "", address);
}

/**
 * Put values into the address and remove those that are undefined; other keys stay.
 * @param {Record<string, string | undefined>} values
 * @param {boolean} again replaces the current entry of the history instead of adding one
 * @param {(query: string) => string} [spelt] how the query is written, for example `unescaped`
 */
export function amend(values, again, spelt = (query) => query) {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) url.searchParams.delete(key);
    else url.searchParams.set(key, value);
  }
  writeQuery(spelt(url.search), again);
}

/**
 * A query without the escapes that it does not need: slashes, colons and commas are harmless in it.
 * @param {string} query
 */
export function unescaped(query) {
  return query.replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%40", "@");
}

/**
 * Act when the reader goes back or forward on this page, not when that leaves it.
 * @param {() => void} act
 * @param {AbortSignal} signal
 */
export function whenBackOrForward(act, signal) {
  const page = location.pathname;
  addEventListener("popstate", () => location.pathname === page && act(), { signal });
}

/** @returns {View | null} what the address says of a figure */
export function readView() {
  const found = readQuery();
  if (NEEDED.some((key) => !found.has(key))) return null;
  return /** @type {View} */ (
    Object.fromEntries([...NEEDED, ...MORE].flatMap((key) => (found.has(key) ? [[key, found.get(key)]] : [])))
  );
}

/** @returns {Pin | null} the pinned cell that the address names */
export function readPin() {
  const found = readView();
  return found && found.row !== undefined && found.column !== undefined ? /** @type {Pin} */ (found) : null;
}

/**
 * Put what a figure shows into the address, or take it out.
 * @param {View | null} view
 * @param {boolean} again replaces the current entry of the history instead of adding one
 */
export function writeView(view, again) {
  amend({ ...NO_VIEW, ...view }, again, unescaped);
}

/**
 * The address of the page with a figure that shows something, without what else the page shows.
 * @param {Record<string, string | undefined>} values
 * @param {string} anchor
 * @returns {URL}
 */
export function addressOf(values, anchor) {
  const url = new URL(location.pathname, location.href);
  for (const [key, value] of Object.entries(values)) if (value !== undefined) url.searchParams.set(key, value);
  url.search = unescaped(url.search);
  url.hash = anchor;
  return url;
}

/**
 * The head that the address names, as `?head=12.3`.
 * @returns {[number, number] | null} layer and head
 */
export function readHead() {
  const found = /^(\d{1,4})\.(\d{1,4})$/.exec(readQuery().get("head") ?? "");
  return found && [Number(found[1]), Number(found[2])];
}

/**
 * Put a head into the address, or take it out.
 * @param {[number, number] | null} head layer and head
 * @param {boolean} again replaces the current entry of the history instead of adding one
 * @param {boolean} alone removes the pinned cell, which may be of another head
 */
export function writeHead(head, again, alone = false) {
  amend({ ...(alone ? NO_VIEW : {}), head: head?.join(".") }, again);
}
