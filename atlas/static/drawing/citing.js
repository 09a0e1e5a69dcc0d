/**
 * A figure as an entry of a bibliography, and as a frame for other people's pages.
 */

/**
 * What is cited. `pinned`: what the figure was measured on and by, such as revision, digest and version
 * of the method, in words.
 * `figure`: its name on its page, where the address does not name one.
 * @typedef {{title: string, pinned: string[], address: URL, figure?: string}} Cited
 */

/** Characters that LaTeX takes for its own. @type {Record<string, string>} */
const SPECIAL = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };

/**
 * @param {Cited} cited
 * @param {string} site who publishes it
 * @param {number} year
 * @returns {string} BibTeX
 */
export function bibtex({ title, pinned, address }, site, year) {
  const key = `${site} ${title}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const fields = [
    ["title", `{${escaped(title)}}`],
    ["author", `{${escaped(site)}}`], // braces: a name that is not split into first and last
    ["year", String(year)],
    ["note", escaped(pinned.join(", "))],
    ["url", address.href.replace(/[{}\\]/g, encodeURIComponent)],
  ];
  return `@misc{${key},\n${fields.map(([name, value]) => `  ${name} = {${value}},`).join("\n")}\n}`;
}

/**
 * @param {Cited} cited
 * @returns {string} HTML that shows the figure alone
 */
export function frame({ title, address, figure }) {
  const alone = new URL(address);
  if (figure && !alone.searchParams.has("figure")) alone.searchParams.set("figure", figure);
  alone.searchParams.set("embed", "1");
  const safe = (/** @type {string} */ text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return `<iframe src="${safe(alone.href)}" title="${safe(title)}" width="760" height="620" loading="lazy" style="border:0"></iframe>`;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\~^{}&%$#_]/g, (mark) => SPECIAL[mark] ?? `\\${mark}`);
}
