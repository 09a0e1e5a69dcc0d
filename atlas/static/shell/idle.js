/**
 * Waits until a page is idle, for work that takes long and is not needed at once.
 */

/** @param {() => void} act once the page has loaded all that it names itself */
export function whenLoaded(act) {
  if (document.readyState === "complete") act();
  else addEventListener("load", () => setTimeout(act), { once: true });
}

/** @param {() => void} act */
export function whenIdle(act) {
  whenLoaded(() =>
    "requestIdleCallback" in window ? requestIdleCallback(act, { timeout: 1000 }) : setTimeout(act, 100),
  );
}
