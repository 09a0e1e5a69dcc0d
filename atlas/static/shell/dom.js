/**
 * Elements of a page, made in a line: of HTML, and of drawings.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [name] its class
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function made(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}

/**
 * A button that sends no form.
 * @param {string} text
 * @param {string} [name] its class
 */
export function button(text, name = "") {
  const element = made("button", name, text);
  element.type = "button";
  return element;
}

/**
 * @param {string} text
 * @param {string} href
 */
export function link(text, href) {
  const element = made("a", "", text);
  element.href = href;
  return element;
}

/**
 * Give the reader a file to keep.
 * @param {string} name
 * @param {Blob} blob
 */
export function offer(name, blob) {
  const file = link("", URL.createObjectURL(blob));
  file.download = name;
  file.click();
  setTimeout(() => URL.revokeObjectURL(file.href), 1000);
}

/**
 * The cell of a table that names its column or its row.
 * @param {string} text
 * @param {"col" | "row"} [scope]
 */
export function header(text, scope = "col") {
  const cell = made("th", "", text);
  cell.scope = scope;
  return cell;
}

/**
 * What a reader chooses from, which no browser fills in by itself when a page is loaded again.
 * @param {[string, string][]} options value and label
 */
export function select(options) {
  const element = made("select");
  element.autocomplete = "off";
  element.append(...options.map(([value, label]) => new Option(label, value)));
  return element;
}

/**
 * A control, or several, with its name above.
 * @param {string} text
 * @param {HTMLElement[]} controls
 */
export function labelled(text, ...controls) {
  const label = made("label");
  label.append(made("span", "", text), ...controls);
  return label;
}

/**
 * A part of a drawing.
 * @param {string} name of the SVG element
 * @param {Record<string, string | number>} attributes
 * @returns {SVGElement}
 */
export function node(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return /** @type {SVGElement} */ (element);
}

/**
 * Words in a drawing.
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {"start" | "middle" | "end"} anchor
 * @returns {SVGElement}
 */
export function text(words, x, y, anchor) {
  const element = node("text", { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}
