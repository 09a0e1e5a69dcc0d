/**
 * BokehJS: loaded once and on first use, filled with data, and torn down without leaks.
 */

import { made } from "./dom.js";
import { fetchJson } from "./fetch.js";

/** @typedef {Record<string, unknown>} Attributes */
/** @typedef {{script: string, palettes: Record<string, string[]>, item: any}} Template */
/** @typedef {{width: number, height: number, shares: Float32Array}} Image */
/** @typedef {{view: any, models: Map<string, any>, dispose: () => void}} Live */

/** @type {Promise<Template> | undefined} */
let template;
/** @type {Promise<any> | undefined} */
let bokeh;
/** The signal of the page that is shown; what BokehJS listens to on the window ends with it. */
let page = new AbortController();

/**
 * The figure's template, authored in Python.
 * @returns {Promise<Template>}
 */
export function loadTemplate() {
  template ??= fetchJson(new URL("heatmap.json", import.meta.url)).catch((error) => {
    template = undefined;
    throw error;
  });
  return template;
}

/**
 * @param {string} name file name of BokehJS beside this module
 * @returns {Promise<any>} the Bokeh namespace
 */
function loadBokeh(name) {
  bokeh ??= new Promise((resolve, reject) => {
    const script = made("script");
    script.src = new URL(name, import.meta.url).href;
    script.onload = () => {
      // @ts-ignore: BokehJS is a plain script
      resolve(window.Bokeh);
    };
    script.onerror = () => {
      bokeh = undefined;
      reject(new Error(`${name} could not be loaded`));
    };
    holdListeners();
    document.head.append(script);
  });
  return bokeh;
}

/**
 * Begin to load what every figure needs, before it is known which one is drawn first.
 * @param {string} name file name of BokehJS beside this module
 */
export function warm(name) {
  loadTemplate().catch(() => undefined); // whoever draws tells what failed
  loadBokeh(name).catch(() => undefined);
}

/**
 * BokehJS 3.9 listens to visualViewport once a figure and never stops (bokeh issue 15290): every
 * such listener is tied to the page on which it was added.
 */
function holdListeners() {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const add = viewport.addEventListener.bind(viewport);
  viewport.addEventListener = (
    /** @type {string} */ type,
    /** @type {any} */ listener,
    /** @type {any} */ options,
  ) => add(type, listener, { ...(typeof options === "object" ? options : {}), signal: page.signal });
}

/** Forget what the page that is left has listened to. */
export function leavePage() {
  page.abort();
  page = new AbortController();
}

/**
 * Draw the template with attributes by model name and an image, into an element.
 * @param {HTMLElement} element
 * @param {Map<string, Attributes>} filling
 * @param {Image} image
 * @returns {Promise<Live>}
 */
export async function embed(element, filling, image) {
  const { script, item } = await loadTemplate();
  const Bokeh = await loadBokeh(script);
  const filled = structuredClone(item);
  const named = new Map(namedObjects(filled.doc));
  for (const [name, attributes] of filling) Object.assign(one(named, name), attributes);
  Object.assign(one(named, "source"), { data: encoded(image) });
  const views = await Bokeh.embed.embed_item(filled, element);
  const view = views.roots[0];
  view.el.tabIndex = -1; // the stage around it has the focus and the keys
  const models = new Map();
  for (const model of view.model.references()) if (model.name) models.set(model.name, model);
  return { view, models, dispose: () => dispose(Bokeh, views, view.model.document) };
}

/**
 * New attributes and a new image on a live figure.
 * @param {Live} live
 * @param {Map<string, Attributes>} filling
 * @param {Image} [image]
 */
export function update(live, filling, image) {
  for (const [name, attributes] of filling) one(live.models, name).setv(attributes);
  if (!image) return;
  const source = live.models.get("source");
  const array = source.get_column("image")[0].constructor; // BokehJS exports no constructor of it
  source.data = {
    image: [new array(image.shares, [image.height, image.width])],
    dw: [image.width],
    dh: [image.height],
  };
}

/**
 * @template T
 * @param {Map<string, T>} models
 * @param {string} name
 * @returns {T}
 */
function one(models, name) {
  const found = models.get(name);
  if (!found) throw new Error(`the figure has no ${name}`);
  return found;
}

/**
 * @param {any} Bokeh
 * @param {any} views
 * @param {any} shown the Bokeh document
 */
function dispose(Bokeh, views, shown) {
  views.clear();
  shown.clear();
  const at = Bokeh.documents.indexOf(shown);
  if (at >= 0) Bokeh.documents.splice(at, 1);
}

/**
 * Every object of Bokeh's JSON that Python gave a name, and its attributes.
 * @param {any} node
 * @returns {Generator<[string, Attributes]>}
 */
function* namedObjects(node) {
  if (node === null || typeof node !== "object") return;
  if (node.type === "object" && node.attributes?.name) yield [node.attributes.name, node.attributes];
  for (const child of Object.values(node)) yield* namedObjects(child);
}

/**
 * @param {Image} image
 * @returns {object} a column data source's data in Bokeh's JSON; the array owns its buffer
 */
function encoded({ width, height, shares }) {
  const array = { type: "bytes", data: shares.slice() };
  const image = { type: "ndarray", array, shape: [height, width], dtype: "float32", order: "little" };
  return {
    type: "map",
    entries: [
      ["image", [image]],
      ["dw", [width]],
      ["dh", [height]],
    ],
  };
}
