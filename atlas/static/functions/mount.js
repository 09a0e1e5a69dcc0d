/**
 * The functional map of a model's page: its panels start when they come near, and a head that the
 * address or a figure names opens in a panel of its own (`?head=12.3`).
 */

import { readHead, whenBackOrForward, writeHead } from "../shell/address.js";
import { fetchJson } from "../shell/fetch.js";
import { withSpread } from "../matrix/chance.js";
import { Lazy, tellFailure } from "../shell/lazy.js";
import { releaseOthers } from "../shell/linked-figures.js";

/** @typedef {[number, number]} Head layer and head */
/** @typedef {import("./maps.js").FunctionalMaps} FunctionalMaps */
/** @typedef {import("./head-panel.js").HeadPanel} HeadPanel */

const NAME = "The functional map";

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
    this.lazy = new Lazy(element, NAME, () => this.load());
    /** @type {Promise<any> | undefined} */
    this.reading = undefined;
    /** @type {HeadPanel | undefined} */
    this.panel = undefined;
    /** The head that is shown, or is about to be. @type {Head | null} */
    this.wanted = null;
    /** What had the focus before the keyboard opened a head. @type {HTMLElement | null} */
    this.before = null;
    this.listen();
    void this.follow();
  }

  listen() {
    const { signal } = this.lazy;
    whenBackOrForward(() => this.follow(), signal);
    addEventListener("keydown", (event) => event.key === "Escape" && this.panel?.head && this.close(false), { signal });
    document.addEventListener("atlas-pin", (event) => this.pinned(/** @type {CustomEvent} */ (event).detail), { signal });
  }

  /** The panels, once they are loaded. @returns {FunctionalMaps | undefined} */
  get maps() {
    return this.lazy.part;
  }

  /** The model's `functions.json`, read once. @returns {Promise<any>} */
  profile() {
    this.reading ??= fetchJson(this.file(this.element.dataset.src)).then(withSpread).catch((error) => {
      this.reading = undefined;
      throw error;
    });
    return this.reading;
  }

  /** @param {string | undefined} name of a file beside the page */
  file(name) {
    return new URL(String(name), document.baseURI);
  }

  /** Panels instead of pictures. */
  async load() {
    if (!this.element.querySelector(".atlas-map")) return undefined; // no relation was measurable
    const needed = /** @type {const} */ ([import("./maps.js"), this.profile()]);
    const [{ FunctionalMaps }, profile] = await Promise.all(needed);
    if (this.lazy.signal.aborted) return undefined;
    const maps = new FunctionalMaps(this.element, profile, (head, byKey) => this.open(head, false, byKey));
    maps.choose(readHead());
    return maps;
  }

  /**
   * A cell of the section's heatmap was pinned or unpinned: its head opens or closes, in the same entry
   * of the history.
   * @param {{figure: string, axes: string[], pinned: {row: string, column: string} | null}} pin
   */
  pinned({ figure, axes, pinned }) {
    if (figure !== "functions" || axes.join() !== "layer,head") return;
    if (pinned) this.open([Number(pinned.row), Number(pinned.column)], true, false);
    else if (readHead()) this.close(true);
  }

  /**
   * @param {Head} head
   * @param {boolean} again replaces the current entry of the history instead of adding one
   * @param {boolean} byKey the keyboard asked for it, so the focus goes there
   */
  open(head, again, byKey) {
    writeHead(head, again, !again);
    if (!again && this.maps) releaseOthers(this.maps);
    if (byKey) this.before = /** @type {HTMLElement | null} */ (document.activeElement);
    void this.show(head).then(() => byKey && this.panel?.focus());
  }

  /** @param {boolean} again replaces the current entry of the history instead of adding one */
  close(again) {
    writeHead(null, again);
    void this.show(null);
  }

  /** Show what the address names. */
  follow() {
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
        if (this.lazy.signal.aborted || this.wanted !== head) return; // another one, or none, by now
        this.panel ??= new HeadPanel(this.element, () => this.close(false));
      }
      await this.panel?.show(head, () => this.profile(), this.file(this.element.dataset.heads));
    } catch (error) {
      tellFailure(this.element, `${NAME} could not be drawn`, error);
    }
    if (!head) this.before?.focus({ preventScroll: true });
    if (!head) this.before = null;
  }

  /** The page has changed between light and dark. */
  recolour() {
    this.lazy.recolour();
  }

  /** Stop listening and remove what was added. */
  dispose() {
    this.lazy.dispose();
    this.panel?.dispose();
  }
}
