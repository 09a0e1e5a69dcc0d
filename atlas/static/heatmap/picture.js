/**
 * A figure as a picture to download, with its title, unit and scale, or several on one sheet: SVG as
 * text, PNG from it.
 */

import { cutLabels, thinned, widest } from "../matrix/labels.js";
import { isWhole, numeric } from "../matrix/numbers.js";
import { AROUND, DOT, RIM, dots, radius } from "../panels/stipple.js";
import { made } from "../shell/dom.js";

/**
 * What a picture shows.
 * @typedef {object} Content
 * @property {import("../matrix/numbers.js").Matrix} matrix in the order in which it is shown
 * @property {Float32Array} shares a row after the other, NaN where a value does not exist
 * @property {string[]} palette
 * @property {{at: number, label: string}[]} ticks of the colour bar
 * @property {[string, string]} axes titles of rows and columns
 * @property {string[]} rows labels
 * @property {string[]} columns labels
 * @property {{label: string, colour: string}[]} classes of a discrete matrix that are shown
 * @property {string[]} lines title, what it is, scale
 * @property {number} width of the cells in all
 * @property {number} height
 * @property {boolean} [bare] no colour bar, and no room for one
 * @property {boolean[][] | null} [unsure] cells that have a dot: within their error
 */

const INK = "#1d2430";
const FAINT = "#5b6575";
const STYLE = "font-family: system-ui, 'Liberation Sans', Arial, sans-serif";

/**
 * @param {Content} content
 * @returns {string} an SVG document on white
 */
export function svg(content) {
  const { matrix, width, height, lines } = content;
  const turned = !numeric(content.columns) && width / content.columns.length < widest(content.columns) + 4;
  const left = 46 + widest(content.rows);
  const below = turned ? 60 + widest(content.columns) * 0.71 : 52;
  const words = lines.slice(1).flatMap((line) => wrapped(line, (left + width + 80) / 6.2));
  const top = 40 + words.length * 16;
  const all = left + width + (content.bare ? 16 : 100);
  const tall = top + height + below + content.classes.length * 18;
  const heading = [`<text x="12" y="24" font-size="15" font-weight="700" fill="${INK}">${escaped(lines[0])}</text>`];
  words.forEach((line, at) => heading.push(text(12, 44 + at * 16, line, FAINT)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${all}" height="${tall}" viewBox="0 0 ${all} ${tall}" style="${STYLE}" font-size="11">`,
    `<title>${escaped(lines.join(". "))}</title>`,
    '<defs><pattern id="absent" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><path d="M0 0H5" stroke="#aab2bf"/></pattern></defs>',
    `<rect width="${all}" height="${tall}" fill="#ffffff"/>`,
    ...heading,
    `<g transform="translate(${left} ${top})">`,
    ...cells(content),
    ...marked(content),
    ...labels(content, turned),
    ...(isWhole(matrix) ? legend(content, below) : content.bare ? [] : bar(content)),
    "</g></svg>",
  ].join("\n");
}

/**
 * Several pictures on one sheet.
 * @param {string[]} lines heading, and what is said below it
 * @param {string[][]} rows of SVG documents
 * @returns {string} an SVG document on white
 */
export function sheet(lines, rows) {
  const sized = rows.map((row) => row.map((picture) => ({ picture, size: sizeOf(picture) })));
  const wide = Math.max(480, ...sized.map((row) => row.reduce((sum, { size }) => sum + size[0], 0)));
  const words = lines.slice(1).flatMap((line) => wrapped(line, wide / 6.2));
  let y = 34 + words.length * 16;
  const placed = sized.flatMap((row) => {
    let x = 0;
    const parts = row.map(({ picture, size }) => {
      const part = `<svg x="${round(x)}" y="${round(y)}"${picture.slice("<svg".length)}`;
      x += size[0];
      return part;
    });
    y += Math.max(...row.map(({ size }) => size[1]));
    return parts;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${y}" viewBox="0 0 ${wide} ${y}" style="${STYLE}" font-size="11">`,
    `<title>${escaped(lines.join(". "))}</title>`,
    `<rect width="${wide}" height="${y}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="700" fill="${INK}">${escaped(lines[0])}</text>`,
    ...words.map((line, at) => text(12, 44 + at * 16, line, FAINT)),
    ...placed,
    "</svg>",
  ].join("\n");
}

/**
 * @param {string} picture an SVG document
 * @returns {[number, number]} width and height in pixels
 */
function sizeOf(picture) {
  const [, wide, tall] = /** @type {RegExpExecArray} */ (/width="([\d.]+)" height="([\d.]+)"/.exec(picture));
  return [Number(wide), Number(tall)];
}

/**
 * @param {string} picture an SVG document
 * @returns {Promise<Blob>} the same as PNG, two pixels for one
 */
export async function png(picture) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture)}`;
  await image.decode();
  const canvas = made("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be drawn")))),
  );
}

/**
 * A rectangle for every run of cells of one colour.
 * @param {Content} content
 */
function* cells({ matrix, shares, palette, width, height }) {
  const [across, down] = [matrix.columns.length, matrix.rows.length];
  const [w, h] = [width / across, height / down];
  const fill = (/** @type {number} */ share) =>
    Number.isNaN(share) ? "url(#absent)" : palette[Math.min(palette.length - 1, Math.floor(share * palette.length))];
  yield '<g shape-rendering="crispEdges">';
  for (let row = 0; row < down; row += 1) {
    let start = 0;
    for (let column = 1; column <= across; column += 1) {
      const colour = fill(shares[row * across + start]);
      if (column < across && fill(shares[row * across + column]) === colour) continue;
      yield `<rect x="${round(start * w)}" y="${round(row * h)}" width="${round((column - start) * w)}" height="${round(h)}" fill="${colour}"/>`;
      start = column;
    }
  }
  yield "</g>";
}

/** @param {Content} content */
function* marked({ unsure, width, height }) {
  if (!unsure) return;
  const [w, h] = [width / (unsure[0]?.length ?? 1), height / unsure.length];
  const size = radius(w, h);
  const look = `r="${round(size + RIM / 2)}" fill="${DOT}" stroke="${AROUND}" stroke-width="${RIM}"`;
  for (const [x, y] of dots(unsure, w, h)) yield `<circle cx="${round(x)}" cy="${round(y)}" ${look}/>`;
}

/**
 * @param {Content} content
 * @param {boolean} turned
 */
function* labels({ axes, rows, columns, width, height }, turned) {
  const [w, h] = [width / columns.length, height / rows.length];
  for (const [at, label] of cutLabels(rows)) {
    if (at % Math.ceil(12 / h)) continue;
    yield text(-6, (at + 0.5) * h + 4, label, INK, 'text-anchor="end"');
  }
  const step = turned ? Math.ceil(13 / w) : Math.ceil((numeric(columns) ? 24 : 1) / w);
  for (const [at, label] of cutLabels(columns)) {
    if (at % step) continue;
    const [x, y] = [(at + 0.5) * w, height + 16];
    yield turned
      ? text(x + 4, y - 2, label, INK, `text-anchor="end" transform="rotate(-45 ${round(x + 4)} ${y - 2})"`)
      : text(x, y, label, INK, 'text-anchor="middle"');
  }
  const below = height + (turned ? 24 + widest(columns) * 0.71 : 34);
  yield text(width / 2, below, axes[1], FAINT, 'text-anchor="middle"');
  const [x, y] = [-(widest(rows) + 18), height / 2];
  yield text(x, y, axes[0], FAINT, `text-anchor="middle" transform="rotate(-90 ${x} ${y})"`);
}

/** @param {Content} content */
function* bar({ palette, ticks, width, height }) {
  const step = height / 64;
  for (let at = 0; at < 64; at += 1) {
    const colour = palette[Math.floor(((63.5 - at) / 64) * palette.length)];
    yield `<rect x="${width + 14}" y="${round(at * step)}" width="12" height="${round(step + 0.5)}" fill="${colour}"/>`;
  }
  for (const { at, label } of thinned(ticks, height)) yield text(width + 32, (1 - at) * height + 4, label, INK);
}

/**
 * @param {Content} content
 * @param {number} below
 */
function* legend({ classes, height }, below) {
  for (const [at, { label, colour }] of classes.entries()) {
    const y = height + below - 10 + at * 18;
    yield `<rect x="0" y="${round(y)}" width="11" height="11" fill="${colour}" stroke="#808080" stroke-width="0.5"/>`;
    yield text(18, y + 10, label, INK);
  }
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} said
 * @param {string} colour
 * @param {string} [more] attributes
 */
function text(x, y, said, colour, more = "") {
  return `<text x="${round(x)}" y="${round(y)}" fill="${colour}" ${more}>${escaped(said)}</text>`;
}

/**
 * @param {string} line
 * @param {number} most characters
 * @returns {string[]}
 */
function wrapped(line, most) {
  const out = [""];
  for (const word of line.split(" ")) {
    if (out[out.length - 1].length + word.length > most) out.push("");
    out[out.length - 1] += `${word} `;
  }
  return out.map((part) => part.trim()).filter(Boolean);
}

/** @param {string} said */
export function escaped(said) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return said.replace(/[&<>"]/g, (mark) => names[/** @type {keyof typeof names} */ (mark)]);
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 100) / 100;
}
