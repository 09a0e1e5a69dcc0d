/**
 * A page in another page's frame, `?embed=1`: the figure that its address names, alone, with a link to
 * where it stands. `early.js` marks the document before anything is seen.
 */

import { readQuery, unescaped } from "./address.js";
import { link, made } from "./dom.js";

/** What a pin in the address calls a kind of figure whose page has a heatmap of the kind's name too. @type {Record<string, string>} */
const PINNED = { "block-masks": "masks" };

/** Leave only the figure of the address, or the page's first. */
export function showAlone() {
  const isEmbedded = readQuery().get("embed") === "1";
  document.documentElement.classList.toggle("atlas-embed", isEmbedded);
  const figure = isEmbedded && named();
  if (!figure) return;
  figure.classList.add("atlas-alone");
  for (let at = figure.parentElement; at && !at.matches(".md-content__inner"); at = at.parentElement) at.classList.add("atlas-way");
  const url = new URL(location.href);
  url.searchParams.delete("embed");
  url.search = unescaped(url.search);
  const back = link(document.title, url.href);
  back.target = "_blank";
  back.rel = "noopener";
  const credit = made("p", "atlas-credit", "From ");
  credit.append(back);
  figure.after(credit);
}

/**
 * An analysis' heatmap has its name too, but is only meant where the address names one of its matrices.
 * @returns {HTMLElement | undefined}
 */
function named() {
  const query = readQuery();
  const name = query.get("figure") ?? location.hash.slice(1);
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-atlas]")]);
  const heatmap = all.find(({ dataset }) => [dataset.key, dataset.figure].includes(name));
  const own = all.find(({ dataset }) => dataset.atlas === (PINNED[name] ?? name));
  return (query.has("matrix") ? (heatmap ?? own) : (own ?? heatmap)) ?? all[0];
}
