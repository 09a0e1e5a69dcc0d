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
export function emptyPanel() {
  const home = made("div", "atlas-mask");
  home.append(made("h3"), made("em", "", "Topic"), made("ol", "atlas-mask-rows"), made("div", "atlas-mask-frame"), made("div", "atlas-mask-columns"));
  return home;
}

/**
 * Layers whose numbers there is room for below a panel.
 * @param {import("./panels.js").Panel} panel
 */
export function numbered({ canvas, content }) {
  return every(content.columns.length, canvas.clientWidth, LABEL);
}

/**
 * Number the layers below a panel.
 * @param {import("./panels.js").Panel} panel
 */
export function numberLayers(panel) {
  const foot = panel.home.querySelector(".atlas-mask-columns");
  const { columns } = panel.content;
  if (!foot || !columns.length || !panel.canvas.clientWidth) return;
  const ticks = numbered(panel).map((at) => {
    const tick = made("span", "", columns[at]);
    tick.style.setProperty("--at", String(at));
    return tick;
  });
  foot.replaceChildren(...ticks, made("em", "", "Layer"));
}
