/**
 * The page for an address at which nothing lies: what lies near it, a search for its words, and where
 * things are in an atlas.
 */

import { button, link, made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {{location: string, title: string}} Found */

const MOST = 6;
/** Share of pairs of letters that an address must have in common with a page's to be offered. */
const LEAST = 0.25;

/** @type {[string, string][]} */
const PLACES = [
  ["models/", "Models, each at models/NAME/"],
  ["families/", "Families of models"],
  ["survey/", "Surveys of one quantity over all models"],
  ["methods/", "How everything is measured"],
  ["data/", "Files of data, with their addresses"],
];

/**
 * @param {HTMLElement} title the heading of the page, which stands alone
 * @returns {Promise<{dispose: () => void}>}
 */
export default async function mount(title) {
  const root = new URL("./", /** @type {HTMLAnchorElement} */ (document.querySelector(".md-logo")).href);
  const path = decoded(location.pathname.slice(root.pathname.length));
  const asked = path.replace(/\/?(index\.html)?$/, "");
  title.textContent = "There is no page at this address";
  const told = made("p", "", "Nothing is at ");
  told.append(made("code", "", asked || "/"), ". It may have moved, or its model may have been renamed or removed.");
  const near = made("div");
  title.after(told, searching(asked), near);
  /** @type {{docs: Found[]}} */
  const { docs } = await fetchJson(new URL("search/search_index.json", root)).catch(() => ({ docs: [] }));
  near.after(...places(root, docs));
  const found = likely(asked, docs);
  if (found.length) near.append(made("h2", "", "Did you mean"), list(found, root));
  return { dispose: () => undefined };
}

/** @param {string} path as the address spells it, where its escapes cannot be read */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * @param {URL} root
 * @param {Found[]} docs every place that search knows: an atlas need not have all sections
 */
function places(root, docs) {
  const there = new Set(docs.map(({ location }) => location));
  const listed = PLACES.filter(([location]) => !docs.length || there.has(location));
  const pages = listed.map(([location, title]) => ({ location, title }));
  return [made("h2", "", "Where things are"), list(pages, root)];
}

/**
 * @param {Found[]} pages
 * @param {URL} root
 */
function list(pages, root) {
  const items = made("ul", "atlas-list");
  for (const { location, title } of pages) {
    const item = made("li");
    item.append(link(title, new URL(location, root).href));
    items.append(item);
  }
  return items;
}

/**
 * A button that asks the theme's search for the words of the address.
 * @param {string} asked
 */
function searching(asked) {
  const words = asked.split("/").at(-1)?.replace(/[-_.]+/g, " ").trim() ?? "";
  const ask = button(words ? `Search for “${words}”` : "Search", "atlas-ask");
  ask.addEventListener("click", () => {
    const field = /** @type {HTMLInputElement | null} */ (document.querySelector(".md-search__input"));
    if (!field) return;
    field.focus();
    field.value = words;
    field.dispatchEvent(new Event("keyup"));
  });
  const line = made("p");
  line.append(ask);
  return line;
}

/**
 * Pages whose addresses are most like the one that was asked for.
 * @param {string} asked
 * @param {Found[]} docs every place that search knows
 * @returns {Found[]}
 */
function likely(asked, docs) {
  const wanted = pairs(asked);
  if (!wanted.size) return [];
  return docs
    .filter(({ location }) => location && !location.includes("#"))
    .map((page) => ({ page, share: alike(wanted, pairs(page.location)) }))
    .filter(({ share }) => share >= LEAST)
    .sort((one, other) => other.share - one.share)
    .slice(0, MOST)
    .map(({ page }) => page);
}

/**
 * The pairs of neighbouring letters in the last part of an address.
 * @param {string} address
 */
function pairs(address) {
  const name = address.toLowerCase().split("/").filter(Boolean).at(-1) ?? "";
  const letters = name.replace(/[^a-z0-9]/g, "");
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, at) => letters.slice(at, at + 2)));
}

/**
 * @param {Set<string>} one
 * @param {Set<string>} other
 */
function alike(one, other) {
  const shared = [...one].filter((pair) => other.has(pair)).length;
  return (2 * shared) / (one.size + other.size || 1);
}
