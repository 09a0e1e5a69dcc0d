/**
 * A drawing as PNG, 300 dots an inch, which the file says, so that programs place it at its true size.
 */

import { made } from "../shell/dom.js";

const DOTS = 300; // an inch
const INCH = 25.4; // millimetres
/** Bytes of a PNG's signature and of its first chunk, behind which others may stand. */
const HEAD = 33;

/**
 * @param {string} picture an SVG document whose width is in millimetres
 * @param {number} width in millimetres
 * @returns {Promise<Blob>}
 */
export async function png(picture, width) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture)}`;
  await image.decode();
  const canvas = made("canvas");
  canvas.width = Math.round((width / INCH) * DOTS);
  canvas.height = Math.round((image.naturalHeight / image.naturalWidth) * canvas.width);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  /** @type {Blob} */
  const plain = await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be drawn")))),
  );
  const bytes = new Uint8Array(await plain.arrayBuffer());
  return new Blob([bytes.subarray(0, HEAD), /** @type {Uint8Array<ArrayBuffer>} */ (density()), bytes.subarray(HEAD)], { type: "image/png" });
}

/** The chunk that says how many pixels a metre has: PNG specification 11.3.4.3. */
function density() {
  const chunk = new Uint8Array(21);
  const view = new DataView(chunk.buffer);
  const perMetre = Math.round((DOTS / INCH) * 1000);
  view.setUint32(0, 9);
  chunk.set([..."pHYs"].map((letter) => letter.charCodeAt(0)), 4);
  view.setUint32(8, perMetre);
  view.setUint32(12, perMetre);
  chunk[16] = 1;
  view.setUint32(17, checksum(chunk.subarray(4, 17)));
  return chunk;
}

/**
 * CRC-32 as PNG has it.
 * @param {Uint8Array} bytes
 */
function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
