/**
 * Starts the interactive parts of the page that is shown, and disposes of them when the page is left.
 * The theme swaps pages without a full load and announces each through `document$`.
 */

import { readQuery } from "./shell/address.js";
import { leavePage, warm } from "./shell/bokeh.js";
import { showAlone } from "./shell/embedded.js";
import { whenLoaded } from "./shell/idle.js";
import { tellFailure, whenNear } from "./shell/lazy.js";
import { markTab } from "./shell/tabs.js";

/** @typedef {{dispose: () => void, recolour?: () => void}} Part */
/** @typedef {import("./heatmap/heatmap.js").Heatmap} Heatmap */

/**
 * Kinds of `data-atlas` that load a module of their own when a page has one. The default export of
 * the module is `mount(element)`, which gives what is disposed of when the page is left.
 * @type {Record<string, () => Promise<{default: (element: HTMLElement) => Part | Promise<Part>}>>}
 */
const KINDS = {
  compare: () => import("./compare/mount.js"),
  functions: () => import("./functions/mount.js"),
  heads: () => import("./attention/mount.js"),
  "heads-page": () => import("./heads/mount.js"),
  curves: () => import("./residual/mount.js"),
  family: () => import("./family/mount.js"),
  lost: () => import("./lost/mount.js"),
  masks: () => import("./masks/mount.js"),
  "model-map": () => import("./home/model-map.js"),
  models: () => import("./models/mount.js"),
  opening: () => import("./home/mount.js"),
  survey: () => import("./survey/mount.js"),
  tune: () => import("./tune/mount.js"),
};

/** @type {Part[]} */
let shown = [];
/** Aborted when the page is left: what arrives for it later is disposed of at once. */
let visit = new AbortController();

function mount() {
  visit.abort();
  visit = new AbortController();
  for (const part of shown) part.dispose();
  shown = [];
  leavePage();
  nameSearch();
  markTab();
  markLost();
  settleAddresses();
  showAlone();
  for (const kind of Object.keys(KINDS)) for (const element of elements(kind)) void load(kind, element);
  mountHeatmaps(elements("heatmap"));
}

/** The theme's search is a dialogue without a name: give it one, for screen readers. */
function nameSearch() {
  document.querySelector(".md-search[role=dialog]:not([aria-label])")?.setAttribute("aria-label", "Search");
}

/** The theme's page for an address at which nothing lies has a heading and no more. */
function markLost() {
  const alone = /** @type {HTMLElement | null} */ (document.querySelector("article > h1:only-child"));
  if (alone?.textContent?.startsWith("404")) alone.dataset.atlas = "lost";
}

/**
 * Make the addresses of files absolute while the page's own address is in place: on the way back the
 * browser changes that one before the theme swaps the page, and what a figure of the old page fetches
 * in between would be resolved against the new one.
 */
function settleAddresses() {
  for (const element of document.querySelectorAll("[data-atlas]")) {
    const { dataset } = /** @type {HTMLElement} */ (element);
    if (dataset.atlas === "heatmap") dataset.src ??= `${dataset.figure}.json`;
    for (const name of ["src", "root", "heads"]) {
      if (dataset[name]) dataset[name] = new URL(String(dataset[name]), document.baseURI).href;
    }
  }
}

/**
 * @param {string} kind
 * @returns {HTMLElement[]}
 */
function elements(kind) {
  return [...document.querySelectorAll(`[data-atlas="${kind}"]`)].map(
    (element) => /** @type {HTMLElement} */ (element),
  );
}

/**
 * Mount a part of a kind that has its own module; an error is shown where the part would be.
 * @param {string} kind
 * @param {HTMLElement} element
 */
async function load(kind, element) {
  const { signal } = visit;
  try {
    const { default: start } = await KINDS[kind]();
    if (signal.aborted) return;
    const part = await start(element);
    if (signal.aborted) part.dispose();
    else shown.push(part);
  } catch (error) {
    tellFailure(element, "This part of the page could not be started", error);
  }
}

/**
 * Heatmaps are pictures until the page has loaded and one is in sight, or somebody reaches for one, or
 * the address names a cell. Then the code for them is loaded, and what is in sight is drawn.
 * @param {HTMLElement[]} found
 */
function mountHeatmaps(found) {
  if (!found.length) return;
  const { signal } = visit;
  /** @type {Promise<Heatmap[]> | undefined} */
  let mounted;
  const mountFigures = () => {
    mounted ??= import("./heatmap/heatmap.js").then(({ Heatmap }) => {
      if (signal.aborted) return [];
      const figures = found.map((element) => new Heatmap(element));
      shown.push(...figures);
      return figures;
    });
    return mounted;
  };
  const wake = () => {
    warm(String(/** @type {HTMLElement} */ (document.querySelector("[data-engine]")).dataset.engine));
    return mountFigures();
  };
  const start = (/** @type {HTMLElement} */ element) =>
    wake()
      .then((figures) => figures[found.indexOf(element)]?.start())
      .catch(() => undefined); // start() has shown the error on the page
  for (const element of found) {
    for (const type of ["pointerenter", "pointerdown", "focusin"]) {
      element.addEventListener(type, () => void start(element), { once: true, signal });
    }
  }
  if (readQuery().has("figure")) void wake();
  whenLoaded(() => {
    if (signal.aborted) return;
    void mountFigures().catch(() => undefined); // whoever draws shows the error
    for (const element of found) {
      const stage = /** @type {Element} */ (element.querySelector(".atlas-stage"));
      whenNear(stage, "100px", () => void start(element), signal);
    }
  });
}

function watchColours() {
  const recolour = () => requestAnimationFrame(() => shown.forEach((part) => part.recolour?.()));
  new MutationObserver(recolour).observe(document.body, {
    attributes: true,
    attributeFilter: ["data-md-color-scheme"],
  });
}

watchColours();
// @ts-ignore: the theme's observable of pages; other themes load every page in full
const pages = window.document$;
if (pages) pages.subscribe(mount);
else mount();
