/**
 * The functional map of a model's page: its panels come to life when they are near, and a head that
 * the address or a figure names opens in a panel of its own (`?head=12.3`).
 */

import { fetchJson, loadTemplate } from "../shell/bokeh.js";
import { claim } from "../shell/linked-figures.js";
import { readHead, writeHead } from "../shell/address.js";

/** @typedef {[number, number]} Head layer and head */
/** @typedef {import("./maps.js").FunctionalMaps} FunctionalMaps */
/** @typedef {import("./head-panel.js").HeadPanel} HeadPanel */

/**
 * @param {HTMLElement} element
 * @returns {Functions}
 */
export default function mount(element) {
  return new Functions(element);
}

export class Functions {
  /** @param {HTMLElement} element the `figure` of the page */
  constructor(element) {
    this.element = element;
    this.path = location.pathname;
    this.gone = new AbortController();
    /** @type {Promise<void> | undefined} */
    this.starting = undefined;
    /** @type {Promise<any> | undefined} */
    this.reading = undefined;
    /** @type {FunctionalMaps | undefined} */
    this.maps = undefined;
    /** @type {HeadPanel | undefined} */
    this.panel = undefined;
    /** The head that is shown, or is about to be. @type {Head | null} */
    this.wanted = null;
    /** What had the focus before the keyboard opened a head. @type {HTMLElement | null} */
    this.before = null;
    this.listen();
    this.element.dataset.ready = "mounted";
    void this.follow();
  }

  listen() {
    const { signal } = this.gone;
    this.nearby = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && void this.start(),
      { rootMargin: "200px" },
    );
    this.nearby.observe(this.element);
    this.element.addEventListener("focusin", () => void this.start(), { signal });
    addEventListener("popstate", () => void this.follow(), { signal });
    addEventListener("keydown", (event) => event.key === "Escape" && this.panel?.head && this.close(false), { signal });
    document.addEventListener("atlas-pin", (event) => this.pinned(/** @type {CustomEvent} */ (event).detail), { signal });
  }

  /** The model's `functions.json`, read once. @returns {Promise<any>} */
  profile() {
    this.reading ??= fetchJson(this.file(this.element.dataset.src)).catch((error) => {
      this.reading = undefined;
      throw error;
    });
    return this.reading;
  }

  /** @param {string | undefined} name of a file beside the page */
  file(name) {
    return new URL(String(name), document.baseURI);
  }

  /** Panels instead of pictures, once; a failure is told where they would stand. */
  start() {
    this.starting ??= this.load().catch((error) => this.fail(error));
    return this.starting;
  }

  async load() {
    this.nearby?.disconnect();
    if (!this.element.querySelector(".atlas-map")) return; // no relation was measurable
    const needed = /** @type {const} */ ([import("./maps.js"), this.profile(), loadTemplate()]);
    const [{ FunctionalMaps }, profile, { palettes }] = await Promise.all(needed);
    if (this.gone.signal.aborted) return;
    this.maps = new FunctionalMaps(this.element, profile, palettes, (head, byKey) => this.open(head, false, byKey));
    this.maps.choose(readHead());
    this.element.dataset.ready = "live";
  }

  /** @param {any} error */
  fail(error) {
    this.element.dataset.ready = "failed";
    const note = document.createElement("p");
    note.className = "atlas-note";
    note.setAttribute("role", "alert");
    note.textContent = `The functional map could not be drawn: ${error.message}.`;
    this.element.append(note);
  }

  /**
   * A cell of the section's heatmap was pinned, or let go: its head opens, or closes, in the entry
   * of the history that the pin has made.
   * @param {{figure: string, axes: string[], pinned: {row: string, column: string} | null}} pin
   */
  pinned({ figure, axes, pinned }) {
    if (figure !== "functions" || axes.join() !== "layer,head") return;
    if (pinned) this.open([Number(pinned.row), Number(pinned.column)], true, false);
    else if (readHead()) this.close(true);
  }

  /**
   * @param {Head} head
   * @param {boolean} again without a new entry in the history
   * @param {boolean} byKey the keyboard asked for it, so the focus goes there
   */
  open(head, again, byKey) {
    writeHead(head, again, !again);
    if (!again && this.maps) claim(this.maps);
    if (byKey) this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    void this.show(head).then(() => byKey && this.panel?.focus());
  }

  /** @param {boolean} again without a new entry in the history */
  close(again) {
    writeHead(null, again);
    void this.show(null);
  }

  /** What the address says. */
  follow() {
    if (location.pathname !== this.path) return; // the page is being left
    const head = readHead();
    if (head || this.wanted) void this.show(head);
  }

  /** @param {Head | null} head null for none */
  async show(head) {
    this.wanted = head;
    this.maps?.choose(head);
    try {
      if (head && !this.panel) {
        const { HeadPanel } = await import("./head-panel.js");
        if (this.gone.signal.aborted || this.wanted !== head) return; // another one, or none, by now
        this.panel ??= new HeadPanel(this.element, () => this.close(false));
      }
      await this.panel?.show(head, () => this.profile(), this.file(this.element.dataset.heads));
    } catch (error) {
      this.fail(error);
    }
    if (!head) this.before?.focus({ preventScroll: true });
    if (!head) this.before = null;
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.maps?.paint();
  }

  /** Nothing of it stays behind. */
  dispose() {
    this.gone.abort();
    this.nearby?.disconnect();
    this.maps?.dispose();
    this.panel?.dispose();
  }
}
