/**
 * What a tooltip tells goes away when the reader presses Escape or touches something else.
 */

/**
 * @param {Node[]} parts of the figure: a press on them is the figure's own matter
 * @param {() => boolean} close puts the tooltip away; false where there was none
 * @param {AbortSignal} signal
 */
export function dismissed(parts, close, signal) {
  document.addEventListener(
    "keydown",
    (event) => {
      // What else Escape closes stays open until it is pressed again.
      if (event.key === "Escape" && close()) event.stopPropagation();
    },
    { capture: true, signal },
  );
  document.addEventListener(
    "pointerdown",
    ({ target }) => !parts.some((part) => part.contains(/** @type {Node} */ (target))) && close(),
    { signal },
  );
}
