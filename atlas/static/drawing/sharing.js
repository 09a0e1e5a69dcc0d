/**
 * Buttons that give a figure away: a link to what it shows, an entry for a bibliography, a frame for
 * another page. The text is copied, and shown so that it can be copied by hand.
 */

import { bibtex, frame } from "./citing.js";
import { button, made } from "../shell/dom.js";
import { siteName } from "../shell/atlas-told.js";

/** @typedef {import("./citing.js").Cited} Cited */

/** @type {[string, string, (cited: Cited) => string][]} name of the button, what its text is, the text */
const OFFERED = [
  ["Copy link", "Link to this figure", ({ address }) => address.href],
  ["Cite", "BibTeX", (cited) => bibtex(cited, siteName(), new Date().getFullYear())],
  ["Embed", "HTML for another page", frame],
];

/**
 * @param {HTMLElement} line of links below a figure, which the buttons are added to
 * @param {() => Cited | Promise<Cited>} cited what the figure shows when a button is pressed
 * @param {AbortSignal} signal
 */
export function addSharing(line, cited, signal) {
  const shown = made("div", "atlas-shared");
  shown.hidden = true;
  const buttons = OFFERED.map(([name, what, textOf]) => {
    const one = button(name);
    one.setAttribute("aria-expanded", "false");
    one.addEventListener("click", () => void press(one, what, textOf), { signal });
    return one;
  });
  const close = () => {
    shown.hidden = true;
    const open = buttons.find((one) => one.getAttribute("aria-expanded") === "true");
    open?.setAttribute("aria-expanded", "false");
    return open;
  };
  /** @param {HTMLButtonElement} one @param {string} what @param {(cited: Cited) => string} textOf */
  const press = async (one, what, textOf) => {
    if (close() === one) return;
    if (!shown.isConnected) line.after(shown);
    try {
      await fill(shown, what, textOf(await cited()));
    } catch {
      return; // a figure that could not be drawn says so itself, and there is nothing to link to
    }
    one.setAttribute("aria-expanded", "true");
  };
  shown.addEventListener("keydown", ({ key }) => key === "Escape" && close()?.focus(), { signal });
  line.append(...buttons);
}

/**
 * @param {HTMLElement} home
 * @param {string} what
 * @param {string} text
 */
async function fill(home, what, text) {
  const area = made("textarea");
  area.readOnly = true;
  area.rows = Math.min(9, text.split("\n").length + Math.floor(text.length / 110));
  area.value = text;
  area.setAttribute("aria-label", what);
  const told = made("p", "", what);
  told.setAttribute("role", "status");
  home.replaceChildren(told, area);
  home.hidden = false;
  area.select();
  const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  told.textContent = copied ? `${what}, copied` : `${what}: copy it from here`;
}
