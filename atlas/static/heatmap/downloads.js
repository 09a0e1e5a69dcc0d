/**
 * A picture of several figures as a file.
 */

import { png } from "./picture.js";
import { download } from "../shell/dom.js";

/**
 * @param {string} name
 * @param {string} kind svg or png
 * @param {string} picture an SVG document
 */
export async function downloadPicture(name, kind, picture) {
  download(name, kind === "png" ? await png(picture) : new Blob([picture], { type: "image/svg+xml" }));
}
