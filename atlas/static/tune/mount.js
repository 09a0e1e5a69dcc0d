/**
 * What the page of a model that was made from another begins with: how it differs from that one. Lines
 * and links are those of `data/from-base/<slug>.json`, which the terminal prints as well.
 */

import { hasSection } from "../shell/atlas-told.js";
import { link, made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {{text: string, compare: string}} Head `compare`: the query that shows its change */
/** @typedef {{about: string, text: string, heads: Head[]}} Line */
/** @typedef {{title: string, note: string, compare: string, lines: Line[]}} Answer */

/**
 * @param {HTMLElement} element
 * @returns {Promise<{dispose: () => void}>}
 */
export default async function mount(element) {
  const { slug } = /** @type {HTMLElement} */ (element.closest("[data-slug]")).dataset;
  const root = new URL("../../", document.baseURI);
  /** @type {Answer} */
  const answer = await fetchJson(new URL(`data/from-base/${slug}.json`, root));
  const compare = (/** @type {string} */ query) => new URL(`compare/${query}`, root).href;
  const lines = made("dl");
  for (const { about, text, heads } of answer.lines) {
    const told = made("dd", "", text);
    if (heads.length) told.append(list(heads, compare));
    lines.append(made("dt", "", about), told);
  }
  element.replaceChildren(made("h2", "", answer.title), lines);
  if (hasSection("compare")) {
    const more = made("p");
    more.append(link("Compare them as a difference", compare(answer.compare)));
    element.append(more);
  }
  if (answer.note) element.append(made("p", "atlas-note", answer.note));
  return { dispose: () => undefined };
}

/**
 * @param {Head[]} heads
 * @param {(query: string) => string} compare
 */
function list(heads, compare) {
  const items = made("ul");
  for (const { text, compare: query } of heads) {
    const item = made("li");
    item.append(hasSection("compare") ? link(text, compare(query)) : text);
    items.append(item);
  }
  return items;
}
