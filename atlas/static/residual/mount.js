/**
 * The curves of a model's page: a still picture of them, until they come near and are drawn.
 */

import { made } from "../shell/dom.js";
import { whenLoaded } from "../shell/idle.js";
import { Lazy } from "../shell/lazy.js";

/**
 * @param {HTMLElement} element of the page, empty until now; what it shows before the curves come near,
 *   and on paper if they never do, is a still picture of them
 * @returns {Lazy<{recolour: () => void}>}
 */
export default function mount(element) {
  const still = made("img", "atlas-still");
  still.alt = "Curves over the layers; drawn to be read by pointer when they come into sight";
  const src = new URL("previews/residual.still.svg", new URL(String(element.dataset.src), document.baseURI)).href;
  element.append(made("h3", "", "Layer by layer"), still);
  whenLoaded(() => (still.src = src)); // at once then, for whoever prints the page waits for nothing
  return new Lazy(element, "The curves", async (signal) => (await import("./curves.js")).draw(element, signal));
}
