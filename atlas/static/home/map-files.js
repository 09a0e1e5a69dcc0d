/**
 * Files of a map of models: the page has it as drawings, for a desk and for a phone; the one that fits a
 * file's width is read back from the page, so that the file shows the same places and names.
 */

import { exportLine } from "../drawing/exporting.js";
import { field, rounded } from "../matrix/numbers.js";

/** @typedef {import("../drawing/scene.js").Scene} Scene */
/** @typedef {{name: string, family: string, colour: string, x: number, y: number, hollow: boolean}} Dot */

const NARROW = 120; // millimetres from which on the wide drawing is taken
const [FAINT, PALE] = ["#8a93a3", "#c6ccd6"];
const SIZE = 2.8; // radius of a dot in points

/**
 * @param {HTMLElement} element that holds both drawings
 * @param {AbortSignal} signal
 */
export function addFiles(element, signal) {
  const exported = (/** @type {number} */ width) => {
    const drawing = /** @type {SVGSVGElement} */ (element.querySelector(width < NARROW ? ".atlas-map-narrow" : ".atlas-map-wide"));
    const title = drawing.querySelector("title")?.textContent ?? "";
    return { scene: sceneOf(drawing, title), file: title.toLowerCase().replaceAll(" ", "-"), csv: () => csvOf(drawing) };
  };
  element.append(exportLine(exported, signal));
}

/**
 * @param {SVGSVGElement} drawing
 * @returns {Dot[]}
 */
function dotsOf(drawing) {
  return [...drawing.querySelectorAll("a")].map((link) => {
    const circle = /** @type {SVGCircleElement} */ (link.querySelector("circle"));
    const [x, y] = ["cx", "cy"].map((key) => Number(circle.getAttribute(key)));
    const hollow = circle.hasAttribute("stroke");
    const colour = String(circle.getAttribute(hollow ? "stroke" : "fill"));
    return { name: String(link.dataset.name), family: String(link.dataset.family), colour, x, y, hollow };
  });
}

/**
 * @param {SVGSVGElement} drawing
 * @param {string} title
 * @returns {Scene}
 */
function sceneOf(drawing, title) {
  const { width, height } = drawing.viewBox.baseVal;
  const dots = dotsOf(drawing);
  const line = (/** @type {string} */ selector, /** @type {string} */ colour) =>
    [...drawing.querySelectorAll(selector)].map((path) => ({ name: "", colour, points: ends(/** @type {SVGPathElement} */ (path)) }));
  const words = [...drawing.querySelectorAll("text")].map((text) => ({
    x: Number(text.getAttribute("x")),
    y: Number(text.getAttribute("y")),
    text: text.textContent ?? "",
  }));
  const families = new Map(dots.map(({ family, colour }) => [family, colour]));
  const classes = [...families].map(([label, colour]) => ({ label, colour, mark: /** @type {const} */ ("dot") }));
  const isRinged = dots.some(({ hollow }) => hollow);
  return {
    title,
    caption: [
      "Similar models lie close together. Only distances carry meaning; the axes have none.",
      drawing.querySelector(".atlas-map-made") ? "A line leads from a base model to one made from it." : "",
      isRinged ? "A ring is a reference model." : "",
    ].filter(Boolean),
    rows: [[{
      title: "",
      x: { title: "", from: 0, to: width, ticks: [] },
      y: { title: "", from: height, to: 0, ticks: [] },
      lines: [...line(".atlas-map-made, .atlas-map-bar", FAINT), ...line(".atlas-map-lead", PALE)],
      points: dots.map(({ x, y, colour, hollow }) => ({ x, y, colour, hollow, size: SIZE })),
      words,
      ratio: height / width,
    }]],
    keys: [{ kind: "classes", title: "", classes }],
  };
}

/**
 * @param {SVGPathElement} path a straight line
 * @returns {[number, number][]} where it begins and ends
 */
function ends(path) {
  return [0, path.getTotalLength()].map((along) => {
    const { x, y } = path.getPointAtLength(along);
    return [x, y];
  });
}

/**
 * A model a line, its place in units of distance.
 * @param {SVGSVGElement} drawing
 */
function csvOf(drawing) {
  const scale = Number(drawing.dataset.pixel);
  const short = (/** @type {number} */ pixels) => String(rounded(pixels * scale, 4));
  const { height } = drawing.viewBox.baseVal;
  const lines = dotsOf(drawing).map(({ name, family, x, y }) => [field(name), field(family), short(x), short(height - y)]);
  return [["model", "family", "x", "y"], ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}
