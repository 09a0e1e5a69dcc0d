/**
 * Runs in the content of every page, before the theme's own script: keeps style sheets and pictures
 * from being loaded twice, and a figure that another page embeds from showing the whole page first.
 *
 * For instant navigation the theme makes relative addresses absolute, so that the heads of two pages
 * can be compared as text, and does it by assigning them again: the browser then fetches every style
 * sheet and picture a second time and lays the page out once more. The elements on the page are made to
 * ignore the assignment, and to give the theme the text that it expects.
 */
if (new URLSearchParams(location.search).get("embed") === "1") document.documentElement.classList.add("atlas-embed");
if (document.readyState === "loading") {
  for (const element of document.querySelectorAll("link[rel=stylesheet], main img")) {
    const name = element.hasAttribute("src") ? "src" : "href";
    const written = String(element.getAttribute(name));
    const address = new URL(written, document.baseURI).href;
    Object.defineProperties(element, {
      [name]: { get: () => address, set: () => undefined },
      outerHTML: { value: element.outerHTML.replace(`"${written}"`, () => `"${address}"`) },
    });
  }
}
