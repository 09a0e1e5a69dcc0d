/**
 * What the other analyses on a model's page measured of a head: every quantity with a value for each
 * layer and head, and the head's rank in it.
 */

import { known, number, rank, trust } from "../matrix/numbers.js";
import { made } from "../shell/dom.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */
/** @typedef {{title: string, matrices: Matrix[]}} Elsewhere an analysis and its scores of heads */

/**
 * @param {Element} figure the one that the panel belongs to
 * @returns {Promise<Elsewhere[]>} one for each other figure of the page that has scores of heads
 */
export function readOtherAnalyses(figure) {
  const name = figure instanceof HTMLElement ? figure.dataset.src : "";
  const others = [...document.querySelectorAll("figure[data-heads]")].map((one) => /** @type {HTMLElement} */ (one));
  return Promise.all(
    others
      .filter((other) => other.dataset.src !== name)
      .map(async (other) => {
        const profile = await fetchJson(new URL(String(other.dataset.src), document.baseURI));
        const heading = document.getElementById(String(other.dataset.figure));
        return {
          title: heading?.firstChild?.textContent ?? profile.analysis,
          matrices: profile.matrices.filter((/** @type {Matrix} */ { axes }) => axes.join() === "layer,head"),
        };
      }),
  );
}

/**
 * @param {Elsewhere[]} found
 * @param {[number, number]} head layer and head
 * @returns {HTMLElement[]}
 */
export function otherScores(found, [layer, head]) {
  return found.flatMap(({ title, matrices }) => {
    const list = made("ul", "atlas-head-scores atlas-head-elsewhere");
    for (const matrix of matrices) {
      const value = matrix.values[layer]?.[head];
      if (typeof value !== "number") continue;
      const item = made("li");
      const all = known(matrix);
      const about = [`rank ${rank(all, value)} of ${all.length}`, matrix.unit, ...trust(matrix, layer, head)].filter(Boolean).join(" · ");
      item.append(made("span", "atlas-head-name", matrix.title), made("strong", "atlas-number", number(value)));
      if (matrix.range?.[0] === 0 && matrix.range[1] === 1) item.append(line(value));
      item.append(made("small", "", about));
      list.append(item);
    }
    return list.childElementCount ? [made("h4", "", title), list] : [];
  });
}

/** @param {number} share of the line, from 0 to 1 */
function line(share) {
  const scale = made("span", "atlas-head-scale");
  const at = made("i", "atlas-head-at");
  at.style.left = `${share * 100}%`;
  scale.append(at);
  return scale;
}
