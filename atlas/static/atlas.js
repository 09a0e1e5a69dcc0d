/**
 * Finds the figures of the page that is shown, and lets go of them when it is left. The theme
 * replaces pages without loading them anew and says so through `document$`.
 */

import { leavePage } from "./engine.js";
import { Heatmap } from "./heatmap.js";

/** @type {Heatmap[]} */
let shown = [];
/** @type {IntersectionObserver | undefined} */
let nearby;

function mount() {
  nearby?.disconnect();
  for (const figure of shown) figure.dispose();
  leavePage();
  shown = [...document.querySelectorAll('[data-atlas="heatmap"]')].map(
    (element) => new Heatmap(/** @type {HTMLElement} */ (element)),
  );
  whenIdle(() => {
    nearby = new IntersectionObserver(draw, { rootMargin: "100px" });
    for (const figure of shown) nearby.observe(figure.stage);
  });
}

/**
 * Figures in sight are drawn while nothing else is to be done, one after the other.
 * @param {IntersectionObserverEntry[]} entries
 */
function draw(entries) {
  for (const entry of entries) {
    const figure = shown.find((one) => one.stage === entry.target);
    if (!entry.isIntersecting || !figure) continue;
    nearby?.unobserve(figure.stage);
    whenIdle(() => figure.start().catch(() => undefined)); // start() has told it on the page
  }
}

/** @param {() => void} act */
function whenIdle(act) {
  const later = () =>
    "requestIdleCallback" in window ? requestIdleCallback(act, { timeout: 3000 }) : setTimeout(act, 200);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}

function watchColours() {
  const recolour = () => requestAnimationFrame(() => shown.forEach((figure) => figure.recolour()));
  new MutationObserver(recolour).observe(document.body, {
    attributes: true,
    attributeFilter: ["data-md-color-scheme"],
  });
}

watchColours();
// @ts-ignore: the theme's observable of pages; other themes load every page anew
const pages = window.document$;
if (pages) pages.subscribe(mount);
else mount();
