/**
 * Parts of a page that start when they come near, and what is told where one could not start.
 */

import { made } from "./dom.js";

/** @typedef {{dispose?: () => void, recolour?: () => void}} Started */

/**
 * Act once, when an element comes near the window.
 * @param {Element} element
 * @param {string} margin how near: `200px`
 * @param {() => void} act
 * @param {AbortSignal} signal ends the waiting
 */
export function whenNear(element, margin, act, signal) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      act();
    },
    { rootMargin: margin },
  );
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect());
}

/**
 * Say where a part would stand that it could not be shown.
 * @param {HTMLElement} element
 * @param {string} what failed: "The curves could not be drawn"
 * @param {unknown} error
 */
export function tellFailure(element, what, error) {
  element.dataset.ready = "failed";
  const note = made("p", "atlas-note", `${what}: ${error instanceof Error ? error.message : error}.`);
  note.setAttribute("role", "alert");
  element.append(note);
}

/**
 * A part that starts once: when it comes near or gets the focus, or when it is told to.
 * @template {Started} Part
 */
export class Lazy {
  /**
   * @param {HTMLElement} element of the page, whose `data-ready` says how far it is
   * @param {string} name "The curves"
   * @param {(signal: AbortSignal) => Promise<Part | undefined>} load gives nothing where there is nothing to show
   */
  constructor(element, name, load) {
    this.element = element;
    this.name = name;
    this.load = load;
    this.gone = new AbortController();
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    /** @type {Part | undefined} */
    this.part = undefined;
    const start = () => void this.start();
    whenNear(element, "300px", start, this.signal);
    element.addEventListener("focusin", start, { signal: this.signal });
    element.dataset.ready = "mounted";
  }

  /** Aborted when the page is left. */
  get signal() {
    return this.gone.signal;
  }

  /** Start it, once; a failure is told where it would stand. */
  start() {
    this.starting ??= this.run().catch((error) => tellFailure(this.element, `${this.name} could not be drawn`, error));
    return this.starting;
  }

  async run() {
    this.part = await this.load(this.signal);
    if (this.part) this.element.dataset.ready = "live";
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.part?.recolour?.();
  }

  /** Nothing of it stays behind. */
  dispose() {
    this.gone.abort();
    this.part?.dispose?.();
  }
}
