/**
 * Stands in the content of every page, before the theme's own script: style sheets and pictures stay
 * loaded as they are.
 *
 * For instant navigation the theme makes relative addresses absolute, so that the heads of two pages
 * can be compared as text, and does it by assigning them anew: the browser then asks for every style
 * sheet and picture a second time and lays the page out once more. Elements that are there already
 * ignore that, and give the theme the text that it would have made of them.
 */
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
