/**
 * The parts of a panel of topics by layers.
 */

import { every } from "../matrix/labels.js";
import { made } from "../shell/dom.js";

const LABEL = 22; // pixels that the number of a layer needs
const PARTED = 8; // pixels of a cell from which on lines part the cells

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
 * Whether lines part the cells.
 * @param {import("./panels.js").Panel} panel
 */
export function lined({ canvas, content }) {
  return canvas.clientWidth >= PARTED * content.columns.length;
}

/**
 * Number the layers below a panel and part its cells, as there is room.
 * @param {import("./panels.js").Panel} panel
 */
export function fit(panel) {
  const foot = panel.home.querySelector(".atlas-mask-columns");
  const { columns } = panel.content;
  if (!foot || !columns.length || !panel.canvas.clientWidth) return;
  const ticks = numbered(panel).map((at) => {
    const tick = made("span", "", columns[at]);
    tick.style.setProperty("--at", String(at));
    return tick;
  });
  panel.home.querySelector(".atlas-map-lines")?.toggleAttribute("hidden", !lined(panel));
  foot.replaceChildren(...ticks, made("em", "", "Layer"));
}
