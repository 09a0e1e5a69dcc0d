/**
 * What a reader takes from a figure: PNG at 300 dots an inch and SVG in points, one or two columns of a
 * page wide, CSV, a link, a citation, a frame; each made of what the figure shows.
 */

import { addSharing } from "./sharing.js";
import { button, download, labelled, made, select } from "../shell/dom.js";

/** @typedef {import("./scene.js").Exported} Exported */
/** @typedef {import("./citing.js").Cited} Cited */

/** Widths that journals ask for, in millimetres. @type {[string, string][]} */
const WIDTHS = [
  ["175", "175 mm"],
  ["85", "85 mm"],
];
/** What the reader has chosen last, for all figures of this tab. */
const KEPT = "atlas-export";
/** The same while this page is shown, where a browser keeps nothing, as in another site's frame. */
let kept = "";

/**
 * The line of buttons below a figure.
 * @param {(width: number) => Exported | Promise<Exported>} exported what the figure shows when a button is
 *   pressed, for a picture of that many millimetres
 * @param {AbortSignal} signal
 * @param {() => Cited | Promise<Cited>} [cited] how it is cited, where its page's address does not say what
 *   it shows
 * @returns {HTMLElement}
 */
export function exportLine(exported, signal, cited) {
  const line = made("p", "atlas-links atlas-export");
  const width = select(WIDTHS);
  const caption = made("input");
  caption.type = "checkbox";
  read(width, caption);
  for (const one of [width, caption]) {
    one.addEventListener("change", () => keep(`${width.value} ${caption.checked}`), { signal });
  }
  for (const kind of /** @type {const} */ (["png", "svg", "csv"])) {
    const one = button(kind.toUpperCase());
    one.dataset.role = kind;
    one.addEventListener("click", () => void attempt(line, async () => save(await exported(read().width), kind)), { signal });
    line.append(one);
  }
  line.append(labelled("Picture width", width), labelled("with caption", caption));
  addSharing(line, cited ?? (async () => citedAs(line, (await exported(read().width)).scene)), signal);
  return line;
}

/**
 * Act, and say in the line what could not be done.
 * @param {HTMLElement} line
 * @param {() => Promise<void>} act
 */
async function attempt(line, act) {
  line.querySelector("[role=alert]")?.remove();
  try {
    await act();
  } catch (error) {
    const told = made("span", "", `The file could not be made: ${error instanceof Error ? error.message : error}.`);
    told.setAttribute("role", "alert");
    line.append(told);
  }
}

/**
 * A figure as its page's address has it; the last sentence of its caption says what it was made from.
 * @param {HTMLElement} line below it
 * @param {import("./scene.js").Scene} scene
 * @returns {Cited}
 */
function citedAs(line, { title, caption }) {
  const address = new URL(location.href);
  const heading = line.closest(".atlas-section")?.previousElementSibling;
  if (heading?.id) address.hash = heading.id;
  const figure = /** @type {HTMLElement | null} */ (line.closest("[data-atlas]"))?.dataset.atlas;
  return { title, pinned: caption.slice(-1), address, figure };
}

/**
 * @param {Exported} exported
 * @param {"png"|"svg"|"csv"} kind
 */
export async function save({ scene, file, csv }, kind) {
  const name = `${file}.${kind}`;
  if (kind === "csv") return download(name, new Blob([csv()], { type: "text/csv" }));
  const { svg } = await import("./svg.js");
  const options = read();
  const picture = svg(scene, options);
  if (kind === "svg") return download(name, new Blob([picture], { type: "image/svg+xml" }));
  const { png } = await import("./png.js");
  download(name, await png(picture, options.width));
}

/**
 * What the reader has chosen last, also put into controls.
 * @param {HTMLSelectElement} [width]
 * @param {HTMLInputElement} [caption]
 */
function read(width, caption) {
  const [wide, told] = (stored() ?? kept).split(" ");
  const found = { width: wide === "85" ? 85 : 175, caption: told !== "false" };
  if (width) width.value = String(found.width);
  if (caption) caption.checked = found.caption;
  return found;
}

/** What this tab has kept; null for nothing. */
function stored() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** @param {string} chosen */
function keep(chosen) {
  kept = chosen;
  try {
    sessionStorage.setItem(KEPT, chosen);
  } catch {
    // Nothing may be stored here: the choice holds until the page is left.
  }
}
