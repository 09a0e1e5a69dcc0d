/**
 * The pinned cell of a page in its address, so that a link and the back button lead to it.
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

/** @returns {Pin | null} what the address says */
export function read() {
  const said = new URLSearchParams(location.search);
  if (NEEDED.some((key) => !said.has(key))) return null;
  return /** @type {Pin} */ (
    Object.fromEntries([...NEEDED, ...MORE].flatMap((key) => (said.has(key) ? [[key, said.get(key)]] : [])))
  );
}

/**
 * Put a pin into the address; what else stands there stays.
 * @param {Pin | null} pin
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 */
export function write(pin, again) {
  const url = new URL(location.href);
  for (const key of [...NEEDED, ...MORE]) url.searchParams.delete(key);
  for (const [key, value] of Object.entries(pin ?? {})) if (value) url.searchParams.set(key, value);
  if (url.href === location.href) return;
  if (again) history.replaceState(history.state, "", url);
  else history.pushState(history.state, "", url);
}

/**
 * The head that the address names, as `?head=12.3`.
 * @returns {[number, number] | null} layer and head
 */
export function readHead() {
  const said = /^(\d{1,4})\.(\d{1,4})$/.exec(new URLSearchParams(location.search).get("head") ?? "");
  return said && [Number(said[1]), Number(said[2])];
}

/**
 * Put a head into the address, or take it out.
 * @param {[number, number] | null} head layer and head
 * @param {boolean} again the entry of the history that is shown is amended, without a new one
 * @param {boolean} alone the pinned cell, which may be of another head, does not stay
 */
export function writeHead(head, again, alone = false) {
  const url = new URL(location.href);
  if (alone) for (const key of [...NEEDED, ...MORE]) url.searchParams.delete(key);
  if (head) url.searchParams.set("head", head.join("."));
  else url.searchParams.delete("head");
  if (url.href === location.href) return;
  if (again) history.replaceState(history.state, "", url);
  else history.pushState(history.state, "", url);
}
