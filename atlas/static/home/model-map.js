/**
 * A map of models on the home page gets its files once it comes near the window: what makes them weighs
 * more than all else that home's first view needs.
 */

import { whenNear } from "../shell/lazy.js";

/**
 * @param {HTMLElement} element
 * @returns {{dispose: () => void}}
 */
export default function mount(element) {
  const gone = new AbortController();
  const add = () => import("./map-files.js").then(({ addFiles }) => gone.signal.aborted || addFiles(element, gone.signal));
  whenNear(element, "200px", () => void add(), gone.signal);
  return { dispose: () => gone.abort() };
}
