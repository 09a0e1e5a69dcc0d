/**
 * Adds to a figure what needs scripts: controls, downloads, folded parts. The page itself has only what
 * a reader without scripts can use, so that it stays small.
 */

import { unescaped } from "../shell/address.js";
import { hasSection } from "../shell/atlas-told.js";
import { link, made } from "../shell/dom.js";

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

const CONTROLS = `
<label class="atlas-picker"><span>Quantity</span><select data-role="matrix" autocomplete="off"></select></label>
<label><span>Colour scale</span><select data-role="scale" autocomplete="off"></select></label>
<label><span>Order</span><select data-role="order" autocomplete="off"></select></label>
<label class="atlas-check" hidden><input type="checkbox" data-role="native" autocomplete="off"> <span>Native names</span></label>
<label class="atlas-check" hidden><input type="checkbox" data-role="depth" autocomplete="off"> <span>Relative depth</span></label>
<label class="atlas-check" hidden><input type="checkbox" data-role="beside" checked autocomplete="off"> <span>Whole layers first</span></label>
<button type="button" data-role="zoom" aria-pressed="false" disabled>Zoom</button>`;

const FOLDS = `<div class="atlas-folds">
<details class="atlas-table" data-role="table"><summary>Data table</summary></details>
<details class="atlas-details" data-role="reading"><summary>How to read it</summary></details>
<details class="atlas-details" data-role="origin"><summary>Protocol, conditions and origin</summary></details></div>`;

const ABSENT = `<span data-role="absent">; <i class="atlas-hatch"></i> does not exist in this architecture</span>`;

/** Roles of parts that are on the page already. */
const ROLES = {
  "figcaption strong": "title",
  ".atlas-unit": "unit",
  ".atlas-direction": "direction",
  ".atlas-scale span": "scale-text",
  ".atlas-summary": "summary",
};

/**
 * Name and slug of the model that a figure is of: it says so itself where its page is not the model's.
 * @param {HTMLElement} figure
 * @returns {DOMStringMap}
 */
function modelOf(figure) {
  if (figure.dataset.slug) return figure.dataset;
  return /** @type {HTMLElement} */ (document.querySelector(".atlas-head[data-slug]")).dataset;
}

/**
 * Add controls, downloads and folded parts to a figure of the page.
 * @param {HTMLElement} figure
 * @param {HTMLElement} line of the files that it gives beside its JSON
 */
export function buildControls(figure, line) {
  const { name, slug } = modelOf(figure);
  Object.assign(figure.dataset, { name, file: `${slug}.${figure.dataset.figure}` });
  const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (figure.querySelector(name));
  for (const [name, role] of Object.entries(ROLES)) part(name).dataset.role = role;
  part(".atlas-controls").innerHTML = CONTROLS;
  const picker = /** @type {HTMLSelectElement} */ (part('[data-role="matrix"]'));
  picker.append(new Option(part("figcaption strong").textContent ?? "", figure.dataset.first));
  if (!part(".atlas-legend")) part(".atlas-scale").insertAdjacentHTML("beforebegin", '<ul class="atlas-legend" hidden></ul>');
  part(".atlas-legend").dataset.role = "legend";
  part(".atlas-frame").insertAdjacentHTML("beforeend", '<div class="atlas-apart" hidden></div>');
  const absent = part(".atlas-scale .atlas-hatch");
  const scale = part(".atlas-scale span");
  while (scale.nextSibling) scale.nextSibling.remove();
  scale.insertAdjacentHTML("afterend", ABSENT);
  part('[data-role="absent"]').hidden = !absent;
  const json = /** @type {HTMLAnchorElement} */ (part(".atlas-links a"));
  json.download = `${figure.dataset.file}.json`;
  part(".atlas-links").replaceWith(line);
  line.prepend(json);
  figure.insertAdjacentHTML("beforeend", FOLDS);
  const status = figure.closest(".atlas-section")?.querySelector(".atlas-status");
  const root = "../../"; // two folders above the page of a model or a finding
  const query = unescaped(`models=${slug}&with=nearest&analysis=${figure.dataset.figure}&matrix=${encodeURIComponent(String(figure.dataset.first))}`);
  const compare = link("Compare with other models", `${root}compare/?${query}`);
  compare.dataset.role = "compare";
  const all = link("All models", `${root}survey/${figure.dataset.figure}/`);
  if (hasSection("compare")) status?.append(" · ", compare);
  if (hasSection("survey")) status?.append(" · ", all);
}

/**
 * Offer all matrices of a profile, those with the same prefix as a group; the one that is shown stays
 * chosen. Each option names its layout among those of the figure.
 * @param {HTMLElement} figure
 * @param {HTMLSelectElement} picker
 * @param {Matrix[]} matrices
 */
export function fillPicker(figure, picker, matrices) {
  const layouts = String(figure.dataset.layouts ?? "").split(" ");
  /** @type {Map<string, HTMLOptionElement[]>} */
  const groups = new Map();
  matrices.forEach(({ name, title }, at) => {
    const option = new Option(title, name, false, name === figure.dataset.first);
    option.dataset.box = layouts[at] || "0";
    const prefix = name.includes(":") ? name.slice(0, name.indexOf(":")) : "";
    groups.set(prefix, [...(groups.get(prefix) ?? []), option]);
  });
  picker.replaceChildren(
    ...[...groups].flatMap(([prefix, options]) => {
      if (!prefix) return options;
      const group = made("optgroup");
      group.label = prefix;
      group.append(...options);
      return [group];
    }),
  );
}
