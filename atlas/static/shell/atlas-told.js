/**
 * What a page tells scripts about its atlas.
 */

/** What the site calls itself. */
export function siteName() {
  const found = document.querySelector(".md-header__title .md-ellipsis")?.textContent?.trim();
  return found || location.host;
}

/**
 * Whether the atlas has a section; every page names those that it leaves out.
 * @param {string} section
 */
export function hasSection(section) {
  const told = /** @type {HTMLElement | null} */ (document.querySelector("script[data-without]"));
  return !told?.dataset.without?.split(" ").includes(section);
}
