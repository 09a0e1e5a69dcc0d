/**
 * The live map of the home page is a picture and a link until somebody reaches for it: the first view of
 * the site stays light.
 */

/**
 * @param {HTMLElement} element
 * @returns {{dispose: () => void}}
 */
export default function mount(element) {
  const gone = new AbortController();
  /** @type {import("./opening.js").Opening | undefined} */
  let map;
  const start = async (/** @type {Event} */ event) => {
    if (element.dataset.ready !== "mounted") return;
    element.dataset.ready = "starting";
    const { Opening } = await import("./opening.js");
    if (gone.signal.aborted) return;
    map = new Opening(element);
    element.dataset.ready = "live";
    if (event instanceof PointerEvent) map.show(map.under(event));
  };
  for (const type of ["pointerenter", "focusin"]) {
    element.addEventListener(type, (event) => void start(event), { signal: gone.signal });
  }
  element.dataset.ready = "mounted";
  return {
    dispose: () => {
      gone.abort();
      map?.dispose();
    },
  };
}
