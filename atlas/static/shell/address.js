/**
 * What the address of a page says after its question mark: which cell is pinned, which head is open,
 * what is chosen; so that a link and the back button lead to it.
 */

/**
 * @typedef {object} Pin
 * @property {string} figure the analysis
 * @property {string} matrix
 * @property {string} row label
 * @property {string} column label
 * @property {string} [scale] where it is not the one that the matrix asks for
 * @property {string} [order] where it is not the canonical one
 */

const NEEDED = /** @type {const} */ (["figure", "matrix", "row", "column"]);
const MORE = /** @type {const} */ (["scale", "order"]);

/** Nothing of a pinned cell. */
const UNPINNED = Object.fromEntries([...NEEDED, ...MORE].map((key) => [key, undefined]));

/** What the address says. */
export function said() {
  return new URLSearchParams(location.search);
}

/**
 * Put a query into the address.
 * @param {string} query with its question mark, or empty
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 */
export function put(query, again) {
  const address = `${location.pathname}${query}${location.hash}`;
  if (query === location.search) return;
  if (again) history.replaceState(history.state, "", address);
  else history.pushState(history.state, "", address);
}

/**
 * Put values into the address, and take out those that are undefined; what else stands there stays.
 * @param {Record<string, string | undefined>} values
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 * @param {(query: string) => string} [spelt] how the query is written
 */
export function amend(values, again, spelt = (query) => query) {
  const url = new URL(location.href);
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) url.searchParams.delete(key);
    else url.searchParams.set(key, value);
  }
  put(spelt(url.search), again);
}

/**
 * A query without the escapes that it does not need: slashes, colons and commas are harmless in it.
 * @param {string} query
 */
export function readable(query) {
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

/** @returns {Pin | null} the pinned cell that the address names */
export function readPin() {
  const found = said();
  if (NEEDED.some((key) => !found.has(key))) return null;
  return /** @type {Pin} */ (
    Object.fromEntries([...NEEDED, ...MORE].flatMap((key) => (found.has(key) ? [[key, found.get(key)]] : [])))
  );
}

/**
 * Put a pin into the address, or take it out.
 * @param {Pin | null} pin
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 */
export function writePin(pin, again) {
  amend({ ...UNPINNED, ...pin }, again);
}

/**
 * The head that the address names, as `?head=12.3`.
 * @returns {[number, number] | null} layer and head
 */
export function readHead() {
  const found = /^(\d{1,4})\.(\d{1,4})$/.exec(said().get("head") ?? "");
  return found && [Number(found[1]), Number(found[2])];
}

/**
 * Put a head into the address, or take it out.
 * @param {[number, number] | null} head layer and head
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 * @param {boolean} alone the pinned cell, which may be of another head, does not stay
 */
export function writeHead(head, again, alone = false) {
  amend({ ...(alone ? UNPINNED : {}), head: head?.join(".") }, again);
}
