/**
 * The parts of a panel of topics by layers.
 */

import { every } from "../matrix/labels.js";
import { made } from "../shell/dom.js";

const LABEL = 22; // pixels that the number of a layer needs

/**
 * An element for a panel, empty.
 * @returns {HTMLElement}
 */
export function blank() {
  const home = made("div", "atlas-mask");
  home.append(made("h3"), made("ol", "atlas-mask-rows"), made("div", "atlas-mask-frame"), made("div", "atlas-mask-columns"));
  return home;
}

/**
 * Numbers of layers below a panel, as many as there is room for.
 * @param {import("./panels.js").Panel} panel
 */
export function number({ home, canvas, content }) {
  const foot = home.querySelector(".atlas-mask-columns");
  const { columns } = content;
  if (!foot || !columns.length || !canvas.clientWidth) return;
  const ticks = every(columns.length, canvas.clientWidth, LABEL).map((at) => {
    const tick = made("span", "", columns[at]);
    tick.style.left = `${((at + 0.5) / columns.length) * 100}%`;
    return tick;
  });
  foot.replaceChildren(...ticks, made("em", "", "layer"));
}
