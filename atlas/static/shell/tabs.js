/**
 * Marks the tab under which a page lies. The theme marks the pages that the tabs name themselves, and
 * no page below them: a model's, a family's, a survey's.
 */

/** Mark the tab with the longest address that the page's own begins with. */
export function markTab() {
  const tabs = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".md-tabs__link"))];
  const here = location.pathname.replace(/index\.html$/, "");
  const above = tabs
    .filter((tab) => here.startsWith(tab.pathname))
    .sort((one, other) => other.pathname.length - one.pathname.length)[0];
  const root = new URL(String(document.querySelector(".md-logo")?.getAttribute("href")), document.baseURI).pathname;
  for (const tab of tabs) {
    // Every address begins with that of the home page.
    const isHere = tab === above && (tab.pathname !== root || here === root);
    tab.closest(".md-tabs__item")?.classList.toggle("md-tabs__item--active", isHere);
    if (isHere) tab.setAttribute("aria-current", here === tab.pathname ? "page" : "true");
    else tab.removeAttribute("aria-current");
  }
}
