/**
 * The nearest heads in other models, for the panel of a model's page: the one part of the bundle of
 * heads that holds them is fetched when a head is opened.
 */

import { HeadBundle, SILENT } from "./bundle.js";
import { counted, decimals, number } from "../matrix/numbers.js";
import { hasSection } from "../shell/atlas-told.js";
import { link, made } from "../shell/dom.js";

/** @typedef {import("./bundle.js").Near} Near */

const SHOWN = 5;

/** What is said of a head that is compared with none. */
export const NO_FUNCTION =
  "No function found: the head has no relation above chance, does not attend to particular tokens, and copies no more than a random head. It is not compared with others.";

/** @type {Promise<HeadBundle> | undefined} */
let loading;

/**
 * @param {[number, number]} head layer and head of the model whose page is shown
 * @returns {Promise<HTMLElement[]>} nothing where the atlas has no such list
 */
export async function nearestTo([layer, head]) {
  if (!hasSection("heads")) return [];
  loading ??= HeadBundle.load(new URL("../../heads/bundle.json", import.meta.url)).catch((error) => {
    loading = undefined;
    throw error;
  });
  const bundle = await loading;
  const slug = /\/models\/([^/]+)\//.exec(location.pathname)?.[1] ?? "";
  const at = bundle.find(`${slug}/${layer}.${head}`);
  const near = at < 0 ? [] : byBasis(bundle, await bundle.nearest(at));
  if ((await bundle.functionOf(at)) === SILENT) return [heading(), made("p", "atlas-note", NO_FUNCTION)];
  if (!near.length) return [];
  const root = new URL("../../", import.meta.url).href;
  const list = made("ul", "atlas-head-scores atlas-head-elsewhere atlas-head-nearest");
  for (const one of near.slice(0, SHOWN)) {
    const item = made("li");
    const name = made("span", "atlas-head-name");
    const title = `${bundle.model(one.head).name} ${bundle.place(one.head).join(".")}`;
    name.append(link(title, bundle.address(one.head, root)));
    item.append(name, made("strong", "atlas-number", distance(one)), made("small", "", basis(bundle, one)));
    list.append(item);
  }
  const about = made("p", "atlas-note", `Distance between what two heads do: 0 where they do the same, 1 where they have nothing in common${usualText(bundle)}. `);
  about.append(link("Side by side, and how it is computed", `${root}heads/?head=${slug}/${layer}.${head}`));
  return [heading(), list, about];
}

function heading() {
  return made("h4", "", "Nearest heads in other models");
}

/**
 * Heads that more analyses compare stand first; among those, the nearest.
 * @param {HeadBundle} bundle
 * @param {Near[]} found the nearest first
 */
export function byBasis({ near }, found) {
  const many = (/** @type {Near} */ { scores }) => new Set(scores.map((one) => near?.scores[one].analysis)).size;
  return [...found].sort((one, other) => many(other) - many(one));
}

/** What two heads are apart on average. @param {HeadBundle} bundle */
export function usualText({ near }) {
  if (near?.usual == null || near.close == null) return "";
  return `; of pairs of heads that do something, half are closer than ${number(near.usual)} and one in twenty closer than ${number(near.close)}`;
}

/** How far a head is. @param {Near} near */
export function distance({ distance: far }) {
  return far === 0 ? "0" : far < 0.001 ? "< 0.001" : decimals(far, far < 0.01 ? 3 : 2);
}

/**
 * What two heads were compared on.
 * @param {HeadBundle} bundle
 * @param {Near} near
 */
export function basis({ near }, { scores }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const one of scores) {
    const name = String(near?.scores[one].analysis);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const told = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  return `${counted(scores.length, "score")}: ${told}`;
}
